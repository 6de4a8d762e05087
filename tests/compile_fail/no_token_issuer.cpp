// expect: valetkey: `token_issuer` is local_only, or has pure session_policy(
#include "../support/toy.hpp"
#include <valetkey/sts_service.hpp>
struct lost : mine::toy {
    struct token_issuer {};
};
template class valetkey::sts_service<lost>;
