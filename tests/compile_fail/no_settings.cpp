// expect: valetkey: a provider needs `settings` derived from store_settings and `locate(settings)` that returns checked<site>
#include "../support/toy.hpp"
#include <valetkey/sts_service.hpp>
struct lost : mine::toy {
    struct settings {};
};
template class valetkey::sts_service<lost>;
