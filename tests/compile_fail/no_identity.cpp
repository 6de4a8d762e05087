// expect: valetkey: a provider needs `static constexpr std::uint8_t type` and `name`
#include <valetkey/sts_service.hpp>
struct nameless {};
template class valetkey::sts_service<nameless>;
