// expect: valetkey: a provider needs `cache`, and `signer` with `form`, `callback_headers` and sign(located, decision, signing, cache&, grant&)
#include "../support/toy.hpp"
#include <valetkey/sts_service.hpp>
struct lost : mine::toy {
    struct signer {};
};
template class valetkey::sts_service<lost>;
