// expect: valetkey: `path_builder::scope(root, request, fresh)` must return result<upload_scope>
#include "../support/toy.hpp"
#include <valetkey/sts_service.hpp>
struct lost : mine::toy {
    struct path_builder {};
};
template class valetkey::sts_service<lost>;
