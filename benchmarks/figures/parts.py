"""In one thread, without HTTP: the pipeline against the hash that it cannot do without, and how it grows."""

CLOUDS = ("qiniu", "tencent", "aws", "aliyun", "baidu", "huawei", "ksyun")


def measure(bench):
    in_turns = bench.in_turns
    for cloud in CLOUDS:
        taken = in_turns(f"pipeline/{cloud}", f"hmac/{cloud}")
        bench.report.ratio(f"form grant ÷ bare HMAC of its policy, {cloud}", ("bytes in → answer out", "ns", taken[f"pipeline/{cloud}"]),
                           ("bare HMAC", "ns", taken[f"hmac/{cloud}"]), must=2.5, aim=1.5)
    for count in (2, 4, 7):
        taken = in_turns(f"clouds/{count}", "clouds/1")
        bench.report.ratio(f"form grant of AWS in a service of {count} clouds ÷ of 1", (f"{count} clouds", "ns", taken[f"clouds/{count}"]),
                           ("1 cloud", "ns", taken["clouds/1"]))
    for size in (0, 600, 1500, 4000):
        taken = in_turns(f"token/{size}", f"token_hmac/{size}")
        bench.report.ratio(f"sts answer read and signed ÷ bare HMAC, token of {size} bytes",
                           ("STS answer in → grant", "ns", taken[f"token/{size}"]), ("bare HMAC", "ns", taken[f"token_hmac/{size}"]))
