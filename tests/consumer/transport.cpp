#include <valetkey/transport/curl_client.hpp>
#include <valetkey/transport/issue.hpp>
#include <valetkey/valetkey.hpp>

int main() {
    valetkey::sts_service<valetkey::aws> service{{}};
    valetkey::curl_client http;
    auto const granted = valetkey::issue(service, http, {}, valetkey::deadline_after(std::chrono::seconds{1}));
    return granted ? 1 : 0;
}
