/// Any root, request and fresh values: a key or prefix in the safe alphabet, or an error.

#include "clouds.hpp"

namespace {

using namespace fuzz;

void check(result<upload_scope> const& scope, bool prefix, std::string_view begin, std::string_view end) {
    if (!scope) {
        require(scope.error().what == errc::unsafe_scope || scope.error().what == errc::scope_too_long ||
                    scope.error().what == errc::invalid_field,
                "another error", name_of(scope.error().what));
        return;
    }
    auto const text = scope->text();
    if (!is_safe_key(text, prefix)) wider("a key that is not safe", text);
    require(scope->is_prefix() == prefix, "another kind", text);
    require(text.starts_with(begin) && text.ends_with(end), "not the parts", text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    fuzz::input in{data, size};
    upload_request r;
    unsigned const kind = in.byte();
    r.is_dir = kind & 1U;
    r.need_callback = kind & 2U;
    r.platform = kind & 4U ? client_platform::web : client_platform::app;
    r.module = static_cast<upload_module>(in.byte() % 8);
    unsigned const which = in.byte();
    r.project_id = in.number<std::uint64_t>();
    auto f = fresh_values(in.number<std::uint64_t>());
    f.now += std::chrono::seconds{in.number<std::uint32_t>()};
    auto const root = in.text(250);
    r.uuid = in.text(64);
    r.extension = in.text(32);
    if (which & 128U) in.take(36).copy(f.uuid.text.data(), 36);

    // the builder alone, with what no check has seen
    every_cloud::pick(which, [&]<class P>() {
        check(P::path_builder::scope(root, r, f), r.is_dir, root, r.is_dir ? std::string_view{"/"} : r.extension);
    });
    // the door itself
    check(upload_scope::key({root, r.uuid, r.extension}), false, root, r.extension);
    check(upload_scope::prefix({root, r.uuid, r.extension}), true, root, r.extension);

    // and behind the checks of a service, whose root is the configured one
    static every_cloud::service const service{good_service_settings<every_cloud::service>()};
    every_cloud::pick(which, [&]<class P>() { r.type = P::type; });
    if (auto const plan = service.plan(r, f)) {
        if (!is_safe_key(plan->scope().text(), r.is_dir)) wider("a plan's key", plan->scope().text());
        require(plan->scope().is_prefix() == r.is_dir, "another kind", plan->scope().text());
        require(plan->scope().text().starts_with("test/"), "another root", plan->scope().text());
    }
    return 0;
}
