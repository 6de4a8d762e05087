// expect: valetkey: two providers of the list claim the same type
#include "../support/toy.hpp"
#include <valetkey/sts_service.hpp>
struct twin : mine::toy {};
template class valetkey::sts_service<mine::toy, twin>;
