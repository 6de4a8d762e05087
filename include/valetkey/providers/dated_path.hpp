#pragma once
/// @file
/// The key names of the original interface, for every cloud.

#include <valetkey/result.hpp>
#include <valetkey/time.hpp>
#include <valetkey/upload_request.hpp>
#include <valetkey/upload_scope.hpp>

#include <string_view>

namespace valetkey {

/// `{root}/resource/video/{yyyy}/{mm}/{dd}/{objectId}/{uuid}.{ext}` and its five sisters; with `is_dir` the same with
/// `/` in place of `.{ext}`. Dates are UTC. The request comes checked and in lower case from `sts_service::plan`.
struct dated_path {
    [[nodiscard]] static result<upload_scope> scope(std::string_view root, upload_request const& r, fresh const& f) {
        timestamp const t{f.now};
        decimal const id{f.object_id};
        decimal const project{r.project_id};
        std::string_view const slash{"/"};
        auto const make = [&](std::string_view folder, auto... parts) {
            if (r.is_dir)
                return upload_scope::prefix(
                    {root, folder, std::string_view{parts}..., slash, id, slash, f.uuid, slash});
            return upload_scope::key(
                {root, folder, std::string_view{parts}..., slash, id, slash, f.uuid, ".", r.extension});
        };
        auto const dated = [&](std::string_view folder) {
            return make(folder, t.year(), slash, t.month(), slash, t.day());
        };
        switch (r.module) {
            case upload_module::resource_video: return dated("/resource/video/");
            case upload_module::resource_image: return dated("/resource/image/");
            case upload_module::bs_project: return make("/project/bs/", std::string_view{project});
            case upload_module::app_project:
                return r.project_id == 0 ? dated("/project/app/") : make("/project/app/", std::string_view{project});
            case upload_module::material_template: return make("/material/template/", r.uuid);
            case upload_module::directorytemp: return dated("/temp/");
        }
        return failure{errc::invalid_field, "uploadModule"};
    }
};

}  // namespace valetkey
