"""In one thread: a voucher or a signed request beside the packages that others use for it."""
import importlib.util
import os
import shutil
import subprocess
import sys

from harness.processes import Obedient, REPOSITORY
from harness.rounds import interleave

PEERS = REPOSITORY / "benchmarks/peers"
# what, our benchmark, the peer's job, must, aim
TABLE = [("S3 form", "voucher/aws", "@aws-sdk/s3-presigned-post", 60, 90),
         ("S3 form", "voucher/aws", "minio", None, None),
         ("S3 form", "voucher/aws", "minio-go", None, None),
         ("S3 form", "voucher/aws", "boto3", None, None),
         ("STS request", "sts_request/aws", "aws4", 9, 12),
         ("STS request", "sts_request/aws", "@smithy/signature-v4", 30, 35),
         ("OSS form", "voucher/aliyun", "ali-oss", 10, 12),
         ("OSS form", "voucher/aliyun", "ali-oss V1", 10, 12),
         ("Qiniu token", "voucher/qiniu", "qiniu", 10, 12),
         ("COS form", "voucher/tencent", "cos-nodejs-sdk-v5", 10, 12)]
NOTES = {"ali-oss": "the same job: OSS4", "ali-oss V1": "the package's older and lighter signature, of one HMAC-SHA1"}


class Absent(Exception):
    """Why a peer cannot be measured."""


def command_of(bench, peer):
    if peer == "boto3":
        if not importlib.util.find_spec("boto3"):
            raise Absent("boto3 is absent (Debian: python3-boto3)")
        return [sys.executable, PEERS / "boto3_job.py"]
    if peer == "minio-go":
        return [minio_go(bench)]
    if bench.why_no_peers:
        raise Absent(bench.why_no_peers)
    return ["node", "--no-deprecation", PEERS / "jobs.mjs", peer]


def minio_go(bench, path="/usr/share/gocode"):
    if not shutil.which("go") or not os.path.isdir(f"{path}/src/github.com/minio/minio-go/v7"):
        raise Absent("minio-go is absent (Debian: golang-go golang-github-minio-minio-go-v7-dev)")
    program = bench.built / "minio_job"
    variables = {"GO111MODULE": "off", "GOPATH": path, "GOCACHE": str(bench.built / "go"), "GOFLAGS": "", "GOTOOLCHAIN": "local"}
    done = subprocess.run(["go", "build", "-o", program, PEERS / "minio_job.go"], env={**os.environ, **variables}, capture_output=True)
    if done.returncode:
        raise Absent("minio-go could not be built")
    return program


def measure(bench):
    for what, ours, peer, must, aim in TABLE:
        name = f"{what}: {peer} ÷ ours"
        try:
            command = command_of(bench, peer)
        except Absent as why:
            bench.report.not_measured(name, str(why))
            continue
        with Obedient(command) as job:
            taken = interleave({"peer": lambda: float(job.ask(f"run {bench.seconds}")), "ours": lambda: bench.part(ours)}, bench.rounds)
        bench.report.ratio(name, (f"{peer} {job.ready}", "ns", taken["peer"]), ("ours", "ns", taken["ours"]),
                           better="higher", must=must, aim=aim, note=NOTES.get(peer, ""))
    bench.report.not_measured("S3 form: reqsign (Rust) ÷ ours", "neither Debian nor npm has it")
