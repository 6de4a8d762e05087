"""The seven clouds as the tests configure them: one table, which everything else reads."""
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Cloud:
    number: int             # `type` in a request
    keys: tuple             # the long-term identity: id, secret
    form: tuple             # the upload identity
    bucket: str
    region: str             # as configured
    endpoint: str           # of the answer
    bucket_endpoint: str    # None: an upload host serves every bucket
    own: dict = field(default_factory=dict)     # settings that only some clouds have
    sts_region: str = ""    # in the scope of the STS signature


CLOUDS = {
    "qiniu": Cloud(
        0, ("QiniuLongTermAk-00000000000000000000001", "qiniuLongTermSk_000000000000000000000001"),
        ("QiniuFormAk-0000000000000000000000000001", "qiniuFormSk_0000000000000000000000000001"),
        "vk-qiniu", "z0", "https://up.qiniup.com", None),
    "tencent": Cloud(
        1, ("AKIDvaletKeyLongTermId00000000000001", "tencentLongTermSecret00000000001"),
        ("AKIDvaletKeyFormId000000000000000001", "tencentFormIdentitySecret0000001"),
        "vk-tencent-1250000000", "ap-guangzhou", "https://cos.ap-guangzhou.myqcloud.com",
        "https://vk-tencent-1250000000.cos.ap-guangzhou.myqcloud.com", {}, "ap-guangzhou"),
    "aws": Cloud(
        2, ("AKIDVALETKEYROOT0001", "aws/LongTerm+Secret0000000000000000000001"),
        ("AKIDVALETKEYFORM0001", "aws/FormIdentity+Secret000000000000000001"),
        "vk-aws", "us-east-1", "https://s3.us-east-1.amazonaws.com", "https://vk-aws.s3.us-east-1.amazonaws.com",
        {"role": "arn:aws:iam::111122223333:role/uploader"}, "us-east-1"),
    "aliyun": Cloud(
        3, ("LTAI5tValetKeyRoot000001", "aliyunLongTermSecret0000000001"),
        ("LTAI5tValetKeyForm000001", "aliyunFormIdentitySecret00001"),
        "vk-aliyun", "oss-cn-hangzhou", "https://oss-cn-hangzhou.aliyuncs.com", "https://vk-aliyun.oss-cn-hangzhou.aliyuncs.com",
        {"role": "acs:ram::1111222233334444:role/uploader"}),
    "baidu": Cloud(
        4, ("valetkeylongtermaccesskeyid00001", "baidulongtermsecretkey0000000001"),
        ("valetkeyformaccesskeyid000000001", "baiduformsecretkey00000000000001"),
        "vk-baidu", "bj", "https://bj.bcebos.com", "https://vk-baidu.bj.bcebos.com"),
    # A short name: OBS takes no resource above 128 characters.
    "huawei": Cloud(
        6, ("HWVALETKEYLONGTERM01", "HuaweiLongTermSecretKey00000000000000001"),
        ("HWVALETKEYFORMKEY001", "HuaweiFormIdentitySecret0000000000000001"),
        "vk-hw", "cn-north-4", "https://obs.cn-north-4.myhuaweicloud.com", "https://vk-hw.obs.cn-north-4.myhuaweicloud.com",
        {"agency_name": "upload-agency", "domain_id": "0a1b2c3d4e5f60718293a4b5c6d7e8f9"}),
    "ksyun": Cloud(
        7, ("VKAKLTvaletkeyroot0000001", "ksyun/LongTerm+Secret00000000000000001=="),
        ("VKAKLTvaletkeyform0000001", "ksyun/FormIdentity+Secret0000000000001=="),
        "vk-ksyun", "BEIJING", "https://ks3-cn-beijing.ksyuncs.com", "https://vk-ksyun.ks3-cn-beijing.ksyuncs.com",
        {"role": "krn:ksc:iam::2000000001:role/uploader", "endpoint": "https://ks3-cn-beijing.ksyuncs.com"}, "cn-beijing-6"),
}
TYPES = {name: cloud.number for name, cloud in CLOUDS.items()}
WITH_STS = [name for name in CLOUDS if name != "qiniu"]     # whose temporary keys come from an exchange


def identity(keys):
    return {"access_key_id": keys[0], "access_key_secret": keys[1]}


def settings(name, sts_endpoint=None):
    """The section of a cloud, with a `form` identity."""
    cloud = CLOUDS[name]
    return {**identity(cloud.keys), "form": identity(cloud.form), "bucket": cloud.bucket, "region": cloud.region, **cloud.own,
            **({"sts_endpoint": sts_endpoint} if sts_endpoint else {})}
