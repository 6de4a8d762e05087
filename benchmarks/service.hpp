#pragma once
/// @file
/// The service that the benchmarks measure, and the limit beside it: a bare HMAC of the same policy.

#include <valetkey/valetkey.hpp>

#include <openssl/evp.h>

#include <array>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace benchmarks {

using all_clouds = valetkey::sts_service<valetkey::qiniu, valetkey::tencent, valetkey::aws, valetkey::aliyun,
                                         valetkey::baidu, valetkey::huawei, valetkey::ksyun>;

/// A service with settings of one cloud, a `form` identity among them.
template <class P, class Service = all_clouds>
[[nodiscard]] Service make_service() {
    typename Service::settings settings;
    settings.root = "test";
    settings.callback_url = "https://app.example.com/upload/callback";
    auto& own = settings.template of<P>().emplace();
    own.root = {"ROOTKEY", valetkey::secret{"the root secret"}};
    own.form.emplace(valetkey::access_key{"FORMKEY", valetkey::secret{"the form secret"}});
    own.bucket = "vk-demo-1250000000";
    own.region = "cn-north-1";
    own.endpoint = "https://store.example";
    if constexpr (std::is_same_v<P, valetkey::aws>) own.role = "arn:aws:iam::111122223333:role/uploader";
    if constexpr (std::is_same_v<P, valetkey::aliyun>) own.role = "acs:ram::1111:role/up";
    if constexpr (std::is_same_v<P, valetkey::ksyun>) own.role = "krn:ksc:iam::1111:role/up";
    return Service{std::move(settings)};
}

template <class P>
[[nodiscard]] valetkey::upload_request video_request() {
    valetkey::upload_request request;
    request.type = P::type;
    request.extension = "mp4";
    request.module = valetkey::upload_module::resource_video;
    return request;
}

/// What the cloud's form voucher is signed with.
template <class P>
constexpr char const* policy_hash =
    std::is_same_v<P, valetkey::aws> || std::is_same_v<P, valetkey::aliyun> || std::is_same_v<P, valetkey::baidu>
        ? "SHA256"
        : "SHA1";

/// HMAC as OpenSSL does it at best: the states after both pads are kept and copied, so that a message costs its own
/// blocks and two more. Nothing of the library is in here.
class bare_hmac {
public:
    bare_hmac(char const* hash, std::string_view key) : hash_{EVP_MD_fetch(nullptr, hash, nullptr)} {
        std::array<unsigned char, 64> pad{};
        for (std::size_t i = 0; i < key.size(); ++i) pad.at(i) = static_cast<unsigned char>(key[i]);
        for (auto& byte : pad) byte ^= 0x36U;
        begin(inner_, pad);
        for (auto& byte : pad) byte ^= 0x36U ^ 0x5cU;
        begin(outer_, pad);
    }
    void sign(std::string_view message, unsigned char* mac) {
        unsigned size = 0;
        require(EVP_MD_CTX_copy_ex(scratch_.get(), inner_.get()));
        require(EVP_DigestUpdate(scratch_.get(), message.data(), message.size()));
        require(EVP_DigestFinal_ex(scratch_.get(), mac, &size));
        require(EVP_MD_CTX_copy_ex(scratch_.get(), outer_.get()));
        require(EVP_DigestUpdate(scratch_.get(), mac, size));
        require(EVP_DigestFinal_ex(scratch_.get(), mac, &size));
    }

private:
    struct free_hash {
        void operator()(EVP_MD* hash) const noexcept { EVP_MD_free(hash); }
        void operator()(EVP_MD_CTX* state) const noexcept { EVP_MD_CTX_free(state); }
    };
    using state = std::unique_ptr<EVP_MD_CTX, free_hash>;

    static void require(int answer) {
        if (answer != 1) throw std::runtime_error{"OpenSSL refused a digest"};
    }
    void begin(state const& into, std::array<unsigned char, 64> const& pad) {
        require(EVP_DigestInit_ex(into.get(), hash_.get(), nullptr));
        require(EVP_DigestUpdate(into.get(), pad.data(), pad.size()));
    }
    std::unique_ptr<EVP_MD, free_hash> hash_;
    state inner_{EVP_MD_CTX_new()};
    state outer_{EVP_MD_CTX_new()};
    state scratch_{EVP_MD_CTX_new()};
};

}  // namespace benchmarks
