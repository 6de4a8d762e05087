"""What is vended: every member of the answer, the path, the voucher and the session policy, each judged as its vendor would."""
import base64
import re
import time
from urllib.parse import parse_qsl

from support.case import FORM, REQUEST, UUID4, GatewayCase, in_parallel
from support.clouds import CLOUDS, TYPES, WITH_STS
from support.policies import check_session_policy
from support.process import free_port
from support.strict import stamp, strict_json, unix
from support.sts import shaped
from support.vouchers import check_voucher

ORIGINAL = {"accessKeyId", "secretAccessKey", "securityToken", "bucket", "endpoint", "relativePath", "expiration", "region", "objectId",
            "signature", "policy"}
ADDED = {"type", "isDir", "startTime", "expiredTime", "serverTime", "bucketEndpoint", "maxSize", "form"}
TEMPLATE = "0df00d205e55491495f0e02ff0abbfb8"   # without dashes: OBS takes no resource above 128 characters
DATE = "{yyyy}/{mm}/{dd}/{id}/"
# module: more request fields, path before the fresh uuid, resourceType
MODULES = {
    "resource_video": ({}, "resource/video/" + DATE, 1), "resource_image": ({}, "resource/image/" + DATE, 2),
    "bs_project": ({"projectId": 8357}, "project/bs/8357/{id}/", 3), "app_project": ({}, "project/app/" + DATE, 4),
    "app_project of a project": ({"projectId": 2**53 + 1}, f"project/app/{2**53 + 1}/" + "{id}/", 4),
    "material_template": ({"uuid": TEMPLATE.upper()}, f"material/template/{TEMPLATE}/" + "{id}/", 5),
    "directorytemp": ({}, "temp/" + DATE, 6), "temp": ({}, "temp/" + DATE, 6),
}
CALLBACK = "https://upload.example.com/upload/callback"
INFO = ("callbackUrl", "callbackBody", "callbackBodyType")


def from_base64(text):
    return strict_json(base64.b64decode(text, validate=True))


class Vended(GatewayCase):
    """A whole answer, judged."""

    def judge(self, cloud, answer, request, settings=None, web=False):
        """Keys, times, voucher and session policy of an answer to `request` from a gateway with these settings of the cloud."""
        data, settings = self.assert_granted(answer), settings or self.gateway.settings["clouds"][cloud]
        vended = request.get("grant") != "form" and cloud in WITH_STS
        credential = self.fakes[cloud].credentials[data["accessKeyId"]] if vended else None
        keys = (data["accessKeyId"], data["secretAccessKey"], data["securityToken"])
        identity = CLOUDS[cloud].keys if cloud == "qiniu" and request.get("grant") != "form" else CLOUDS[cloud].form
        if credential:
            self.assertEqual(keys, (credential.id, credential.secret, credential.token))
        else:
            self.assertEqual(keys[:2], (identity[0], ""))
            self.assertTrue(cloud == "qiniu" or keys[2] == "")
        self.assert_times(data, credential, settings.get("duration_seconds", 3600))
        signs = (credential.id, credential.secret) if credential and settings.get("voucher_key") != "form" else identity
        token = credential.token if credential and settings.get("voucher_key") != "form" else ""
        policy = check_voucher(cloud, data, signs, token, settings["bucket"], settings["region"])
        if credential:
            sent = self.fakes[cloud].requests[-1]
            self.assertIsNone(sent.fault)
            check_session_policy(cloud, sent.policy, settings, data["relativePath"], web, sent.call)
            self.assertEqual(sent.seconds, settings.get("duration_seconds", 3600))
            self.assert_traceable(sent, answer.header("x-request-id"))
        return data, policy

    def assert_traceable(self, sent, request_id):
        """The session's name at the cloud leads to our request, where a name may hold digits."""
        if sent.session and not sent.session.isalpha():
            session, request_id = (re.sub(r"[^a-z0-9]", "", text.lower()) for text in (sent.session, request_id))
            self.assertTrue(request_id in session or session in request_id or request_id[:16] in session, f"{session} {request_id}")

    def assert_times(self, data, credential, seconds):
        self.assertRegex(data["expiration"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertEqual(unix(data["expiration"]), data["expiredTime"])
        self.assertLessEqual(abs(data["serverTime"] - time.time()), 5)
        self.assertTrue(data["serverTime"] - 900 <= data["startTime"] <= data["serverTime"])
        if credential:
            self.assertEqual(data["expiration"], credential.expiration)
        else:
            self.assertIn(data["expiredTime"] - data["serverTime"] - seconds, (-1, 0, 1))


class Answers(Vended):
    def test_every_combination(self):
        """Seven clouds × keys or voucher alone × file or sequence × callback × platform × modules: the whole answer each time."""
        self.object_ids, self.uuids, self.temporary, sessions = [], [], [], {name: [] for name in WITH_STS}
        for cloud in CLOUDS:
            for grant in ("sts", "form"):
                for directory in (0, 1):
                    for callback in (0, 1):
                        for platform in ("app", "web"):
                            for module, (more, _, _) in MODULES.items():
                                with self.subTest(f"{cloud} {grant} isDir {directory} callback {callback} {platform} {module}"):
                                    self.one(cloud, {"type": TYPES[cloud], "extension": "Mp4", "isNeedCallback": callback,
                                                     "uploadModule": module.split()[0], "isDir": directory, "grant": grant,
                                                     "platform": platform, **more}, module)
        for name, sts in self.fakes.items():
            sessions[name] = [r.session for r in sts.requests if r.session]
        for name, values in (("object ids", self.object_ids), ("uuids", self.uuids), ("keys", self.temporary),
                             *((f"session names of {name}", values) for name, values in sessions.items())):
            with self.subTest(f"{name} are unique"):
                self.assertEqual(len(set(values)), len(values))
        with self.subTest("the clouds' own checks of signature, nonce and parameters"):
            self.assertEqual(self.faults(), [])

    def one(self, cloud, request, module):
        before = self.exchanges()
        answer = self.api.info(request)
        asked = self.exchanges() - before
        vended = request["grant"] == "sts" and cloud in WITH_STS
        self.assertEqual(asked, 1 if vended else 0, "exchanges with a cloud")
        data, policy = self.judge(cloud, answer, request, web=request["platform"] == "web")
        self.assert_members(data, request)
        self.assert_place(data, cloud)
        self.assert_path(data, request, module)
        self.assert_callback(data, cloud, request, MODULES[module][2], policy)
        if vended:
            self.temporary.append(data["accessKeyId"])
            own = CLOUDS[cloud].own
            role = (own["domain_id"], own["agency_name"]) if cloud == "huawei" else own.get("role")
            self.assertEqual(self.fakes[cloud].requests[-1].role, role)

    def assert_members(self, data, request):
        wanted = ORIGINAL | ADDED | ({"callbackInfo"} if request["isNeedCallback"] else set())
        self.assertEqual(set(data) - ({"ticket"} if request["isNeedCallback"] else set()), wanted)
        texts = ORIGINAL - {"objectId"} | {"bucketEndpoint"}
        self.assertEqual({n: type(data[n]) for n in texts}, {n: str for n in texts})
        numbers = ("objectId", "type", "isDir", "startTime", "expiredTime", "serverTime", "maxSize")
        self.assertEqual({n: type(data[n]) for n in numbers}, {n: int for n in numbers})
        self.assertEqual((data["type"], data["isDir"], data["maxSize"]), (request["type"], request["isDir"], 5368709120))
        self.assertEqual(set(data["form"]), {"url", "fields", "fileField"})
        self.assertEqual(data["form"]["fileField"], "file")
        self.assertTrue(data["form"]["fields"] and all(isinstance(v, str) for v in data["form"]["fields"].values()))

    def assert_place(self, data, cloud):
        own = CLOUDS[cloud]
        self.assertEqual((data["bucket"], data["region"], data["endpoint"]), (own.bucket, own.region, own.endpoint))
        if own.bucket_endpoint:
            self.assertEqual((data["bucketEndpoint"], data["form"]["url"].rstrip("/")), (own.bucket_endpoint,) * 2)
        else:
            # An upload host of Qiniu serves every bucket: the token names it.
            self.assertTrue(data["bucketEndpoint"].startswith("https://") and data["form"]["url"].startswith(own.endpoint))

    def assert_path(self, data, request, module):
        found = re.fullmatch(rf"(.*/)({UUID4})(\.mp4|/)", data["relativePath"])
        self.assertTrue(found, data["relativePath"])
        front, uuid, end = found.groups()
        fronts = {"test/" + MODULES[module][1].format(yyyy=d[:4], mm=d[4:6], dd=d[6:], id=data["objectId"])
                  for d in (time.strftime("%Y%m%d", time.gmtime(data["serverTime"] + s)) for s in (-1, 0, 1))}
        self.assertIn(front, fronts)
        self.assertEqual(end, "/" if request["isDir"] else ".mp4")
        self.assertRegex(data["relativePath"], r"^[a-z0-9._/-]+$")
        self.assertTrue(0 < data["objectId"] < 2**53)
        self.object_ids.append(data["objectId"])
        self.uuids.append(uuid)

    def assert_callback(self, data, cloud, request, resource_type, policy):
        fields, sent = data["form"]["fields"], {"objectId": str(data["objectId"]), "resourceType": str(resource_type)}
        if not request["isNeedCallback"]:
            self.assertEqual([n for n in fields if "callback" in n.lower()], [])
            self.assertNotIn("callback", str(policy).lower())
            return
        info = data["callbackInfo"]
        self.assertEqual(set(info) - {"headers"}, {"callbackBodyType", "callbackUrl", "customInfo", "callbackBody"})
        self.assertEqual(info["callbackBodyType"], "application/x-www-form-urlencoded")
        self.assertEqual(info["callbackUrl"].split("?")[0], CALLBACK)
        self.assertEqual(info["customInfo"], {"objectId": data["objectId"], "resourceType": resource_type})
        self.assertEqual({type(v) for v in info["customInfo"].values()}, {int})
        self.assertEqual("headers" in info, cloud not in ("aws", "qiniu"))
        self.assert_body(cloud, info["callbackBody"], fields, sent)
        check = getattr(self, "callback_of_" + cloud, None)
        if check:
            check(info, fields, sent, policy)

    # cloud: the variables that the vendor documents, None for a cloud that fills in nothing
    VARIABLES = {"aliyun": r"\$\{(x:\w+|bucket|object|size|etag|mimeType)\}", "tencent": r"\$\{(bucket|object|size|etag|mimeType|x:\w+)\}",
                 "qiniu": r"\$\((x:\w+|bucket|key|fsize|etag|mimeType|fname|ext|hash)\)",
                 "huawei": r"\$\((bucket|key|etag|fname|fsize|size|ext|mimeType|override)\)",
                 "ksyun": r"\$\{(bucket|key|etag|objectSize|mimeType|createTime)\}", "aws": None, "baidu": None}

    def assert_body(self, cloud, body, fields, sent):
        """Holds both numbers, and no variable that the cloud does not know."""
        variables = self.VARIABLES[cloud]
        filled = re.sub(variables, lambda m: fields[m[1]] if m[1].startswith("x:") else "filled", body) if variables else body
        self.assertNotIn("$", filled, body)
        self.assertLessEqual(set(sent.items()), set(parse_qsl(filled)))

    def callback_of_aliyun(self, info, fields, sent, policy):
        self.assertTrue(info["callbackBody"].startswith("objectId=${x:objectId}&resourceType=${x:resourceType}"), info["callbackBody"])
        asked = from_base64(info["headers"]["x-oss-callback"])
        self.assertEqual({n: asked[n] for n in INFO}, {n: info[n] for n in INFO})
        self.assertLessEqual(set(asked), {*INFO, "callbackSNI", "callbackHost"})
        variables = from_base64(info["headers"]["x-oss-callback-var"])
        self.assertEqual(variables, {"x:" + n: v for n, v in sent.items()})
        self.assertEqual(set(info["headers"]), {"x-oss-callback", "x-oss-callback-var"})
        self.assertEqual(from_base64(fields["callback"]), asked)
        self.assertEqual({n: fields.get(n) for n in variables}, variables)
        pinned = [c for c in policy["conditions"] if c in ({"callback": fields["callback"]}, ["eq", "$callback", fields["callback"]])]
        self.assertTrue(pinned, "the form's policy does not pin the callback")

    def callback_of_qiniu(self, info, fields, sent, policy):
        self.assertEqual({n: policy.get(n) for n in INFO}, {n: info[n] for n in INFO})

    def callback_of_tencent(self, info, fields, sent, policy):
        self.assertLessEqual({"x-cos-callback"}, set(info["headers"]))
        self.assertLessEqual(set(info["headers"]), {"x-cos-callback", "x-cos-callback-var"})
        asked = from_base64(info["headers"]["x-cos-callback"])
        self.assertEqual({n: asked[n] for n in INFO}, {n: info[n] for n in INFO})
        self.assertLessEqual(set(asked), {*INFO, "callbackHost"})
        self.assertEqual(fields["x-cos-callback"], info["headers"]["x-cos-callback"])

    def callback_of_baidu(self, info, fields, sent, policy):
        """A form upload calls nobody, so the header alone asks."""
        self.assertEqual(set(info["headers"]), {"x-bce-process"})
        found = re.fullmatch(r"callback/callback,u_([A-Za-z0-9_-]+),m_sync,v_([A-Za-z0-9_-]+)", info["headers"]["x-bce-process"])
        self.assertTrue(found, info["headers"])
        urls, variables = (strict_json(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))) for text in found.groups())
        self.assertEqual(urls, [info["callbackUrl"]])
        self.assertLessEqual(set(sent.items()), {(n, str(v)) for n, v in variables.items()})
        self.assertEqual([n for n in fields if "callback" in n.lower() or "process" in n.lower()], [])

    def callback_of_huawei(self, info, fields, sent, policy):
        self.assertEqual(set(info["headers"]), {"x-obs-callback"})
        asked = from_base64(info["headers"]["x-obs-callback"])
        self.assertEqual({n: asked[n] for n in INFO}, {n: info[n] for n in INFO})
        self.assertLessEqual(set(asked), {*INFO, "callbackHost"})
        self.assertEqual({n: fields[n] for n in INFO}, {n: info[n] for n in INFO})
        pinned = {next(iter(c)) if isinstance(c, dict) else str(c[1]).removeprefix("$") for c in policy["conditions"]}
        self.assertLessEqual({"callbackUrl", "callbackBody"}, pinned, "a form could drop its callback")

    def callback_of_ksyun(self, info, fields, sent, policy):
        """The values of a body may hold neither = nor &."""
        wanted = {"x-kss-callbackurl": info["callbackUrl"], "x-kss-callbackbody": info["callbackBody"]}
        self.assertEqual({n: v for n, v in info["headers"].items() if n != "x-kss-callbackauth"}, wanted)
        self.assertEqual({n: fields[n] for n in wanted}, wanted)
        self.assertEqual({pair.count("=") for pair in info["callbackBody"].split("&")}, {1})

    def test_many_at_once(self):
        """Ids, uuids, keys and request ids of 600 answers on 24 connections, of all clouds by turns."""
        numbers = list(TYPES.values())

        def some(number):
            with self.gateway.user() as api:
                return [api.info({**(REQUEST if k % 5 == 0 else FORM), "type": numbers[(number + k) % 7]}) for k in range(25)]
        answers = [a for batch in in_parallel(some, range(24), 24) for a in batch]
        datas = [self.assert_granted(a) for a in answers]
        for name, values in (("objectId", [d["objectId"] for d in datas]), ("relativePath", [d["relativePath"] for d in datas]),
                             ("X-Request-Id", [a.header("x-request-id") for a in answers]),
                             ("keys", [d["accessKeyId"] for d in datas if d["secretAccessKey"]])):
            with self.subTest(name):
                self.assertEqual(len(set(values)), len(values))


PORT = free_port()
# cloud: rows of (settings, endpoint, bucketEndpoint); the defaults of the contract's table and what may stand in their place
ADDRESSES = {
    "aws": [
        ({"region": "cn-north-1", "role": "arn:aws-cn:iam::111122223333:role/uploader"},
         "https://s3.cn-north-1.amazonaws.com.cn", "https://vk-aws.s3.cn-north-1.amazonaws.com.cn"),
        ({"path_style": True}, "https://s3.us-east-1.amazonaws.com", "https://s3.us-east-1.amazonaws.com/vk-aws"),
        ({"endpoint": "https://minio.example.com:9000"}, "https://minio.example.com:9000", "https://vk-aws.minio.example.com:9000"),
        ({"endpoint": "https://minio.example.com:9000", "path_style": True}, "https://minio.example.com:9000",
         "https://minio.example.com:9000/vk-aws"),
        ({"region": "eu-west-1"}, "https://s3.eu-west-1.amazonaws.com", "https://vk-aws.s3.eu-west-1.amazonaws.com"),
    ],
    "aliyun": [
        ({"region": "cn-hangzhou"}, "https://oss-cn-hangzhou.aliyuncs.com", "https://vk-aliyun.oss-cn-hangzhou.aliyuncs.com"),
        ({"region": "oss-cn-beijing", "endpoint": "https://oss-cn-beijing-internal.aliyuncs.com"},
         "https://oss-cn-beijing-internal.aliyuncs.com", "https://vk-aliyun.oss-cn-beijing-internal.aliyuncs.com"),
    ],
    "qiniu": [
        ({"region": "z1"}, "https://up-z1.qiniup.com", None), ({"region": "cn-east-2"}, "https://up-cn-east-2.qiniup.com", None),
        ({"endpoint": "https://upload.qiniup.com"}, "https://upload.qiniup.com", None),
        ({"bucket_endpoint": "https://up.example.com"}, "https://up.qiniup.com", "https://up.example.com"),
    ],
    "tencent": [
        ({"region": "eu-frankfurt"}, "https://cos.eu-frankfurt.myqcloud.com",
         "https://vk-tencent-1250000000.cos.eu-frankfurt.myqcloud.com"),
        ({"endpoint": "https://cos.accelerate.myqcloud.com"}, "https://cos.accelerate.myqcloud.com",
         "https://vk-tencent-1250000000.cos.accelerate.myqcloud.com"),
        ({"bucket": "a-b-c-1259999999"}, "https://cos.ap-guangzhou.myqcloud.com", "https://a-b-c-1259999999.cos.ap-guangzhou.myqcloud.com"),
    ],
    "baidu": [
        ({"region": "su"}, "https://su.bcebos.com", "https://vk-baidu.su.bcebos.com"),
        ({"region": "hkg", "endpoint": "https://bos.example.com"}, "https://bos.example.com", "https://vk-baidu.bos.example.com"),
    ],
    "huawei": [
        ({"region": "ap-southeast-3"}, "https://obs.ap-southeast-3.myhuaweicloud.com",
         "https://vk-hw.obs.ap-southeast-3.myhuaweicloud.com"),
        ({"api": "sts5"}, "https://obs.cn-north-4.myhuaweicloud.com", "https://vk-hw.obs.cn-north-4.myhuaweicloud.com"),
    ],
    "ksyun": [
        ({"region": "SHANGHAI", "endpoint": "https://ks3-cn-shanghai.ksyuncs.com"}, "https://ks3-cn-shanghai.ksyuncs.com",
         "https://vk-ksyun.ks3-cn-shanghai.ksyuncs.com"),
        ({"region": "JR_BEIJING", "endpoint": "https://ks3-jr-beijing.ksyuncs.com"}, "https://ks3-jr-beijing.ksyuncs.com",
         "https://vk-ksyun.ks3-jr-beijing.ksyuncs.com"),
    ],
}
for _name, _rows in ADDRESSES.items():
    _own = CLOUDS[_name]
    if _name != "qiniu":    # an address of numbers has no place for the bucket but the path; a domain of the bucket's own stands as it is
        _rows += [({"endpoint": url, "allow_http": "10." in url}, url, f"{url}/{_own.bucket}")
                  for url in (f"http://127.0.0.1:{PORT}", "http://10.1.2.3:9000", f"https://[::1]:{PORT}")]
        _rows += [({"bucket_endpoint": url}, _own.endpoint, url) for url in ("https://cdn.example.com", f"http://localhost:{PORT}")]
        _rows += [({"endpoint": f"http://localhost:{PORT}"}, f"http://localhost:{PORT}", f"http://{_own.bucket}.localhost:{PORT}")]

# cloud: rows of (name, settings, what the request that the STS got must say)
CALLS = {
    "aws": [
        ("federation", {"role": None, "duration_seconds": 129600}, {"call": "GetFederationToken", "role": None}),
        ("external id", {"external_id": "ext/er=nal,1"}, {"call": "AssumeRole", "external_id": "ext/er=nal,1"}),
        ("ARN without an account", {"role": "arn:aws:iam:::role/uploader"}, {"role": "arn:aws:iam:::role/uploader"}),
        ("ARN with a path", {"role": "arn:aws:iam::111122223333:role/a/b+c=d"}, {"role": "arn:aws:iam::111122223333:role/a/b+c=d"}),
        ("China", {"region": "cn-north-1", "role": "arn:aws-cn:iam::111122223333:role/uploader"}, {}),
        ("GovCloud", {"region": "us-gov-west-1", "role": "arn:aws-us-gov:iam::111122223333:role/uploader"}, {}),
    ],
    "aliyun": [
        ("external id", {"external_id": "ext/er=nal,1", "region": "cn-hangzhou"}, {"external_id": "ext/er=nal,1"}),
        ("twelve hours", {"duration_seconds": 43200}, {"external_id": None}),
    ],
    "tencent": [
        ("role", {"role": "qcs::cam::uin/100000000001:roleName/valetUploader", "duration_seconds": 43200},
         {"call": "AssumeRole", "role": "qcs::cam::uin/100000000001:roleName/valetUploader", "external_id": None}),
        ("role with external id", {"role": "qcs::cam::uin/100000000001:roleName/a", "external_id": "ext/er=nal,1"},
         {"call": "AssumeRole", "external_id": "ext/er=nal,1"}),
        ("role by number", {"role": "qcs::cam::uin/100000000001:role/4611686018427397919"},
         {"role": "qcs::cam::uin/100000000001:role/4611686018427397919"}),
        ("federation of 36 hours", {"duration_seconds": 129600}, {"call": "GetFederationToken", "role": None}),
        ("the least duration of the vendor's samples", {"duration_seconds": 900}, {"call": "GetFederationToken"}),
        ("another region", {"region": "eu-frankfurt"}, {}),
    ],
    "baidu": [
        ("role", {"role": "valetUploader", "account_id": "dc9b5191440d4f93851ddffb00000001", "duration_seconds": 7200},
         {"call": "/v1/credential", "role": "valetUploader", "account": "dc9b5191440d4f93851ddffb00000001"}),
        ("another region", {"region": "su"}, {"call": "/v1/sessionToken"}),
        ("session token of twelve hours", {"duration_seconds": 43200}, {"call": "/v1/sessionToken", "role": None}),
    ],
    "huawei": [
        ("by token", {"agency_name": None, "domain_id": None}, {"call": "iam3", "role": None, "account": None}),
        ("account", {"account_id": "11112222333344445555666677778888"}, {"call": "iam3", "account": "11112222333344445555666677778888"}),
        ("by token with account", {"agency_name": None, "domain_id": None, "account_id": "11112222333344445555666677778888"},
         {"role": None, "account": "11112222333344445555666677778888"}),
        ("sts5", {"api": "sts5", "duration_seconds": 43200},
         {"call": "sts5", "role": ("0a1b2c3d4e5f60718293a4b5c6d7e8f9", "upload-agency"), "external_id": None, "account": None}),
        ("sts5 with external id", {"api": "sts5", "external_id": "ext/er=nal,1"}, {"call": "sts5", "external_id": "ext/er=nal,1"}),
        ("iam3, said aloud, for a day", {"api": "iam3", "duration_seconds": 86400}, {"call": "iam3"}),
    ],
    "ksyun": [
        ("another region of the STS", {"sts_region": "cn-shanghai-3"}, {}),
        ("a day", {"duration_seconds": 86400}, {"role": "krn:ksc:iam::2000000001:role/uploader"}),
    ],
}


class Settings(Vended):
    """What a cloud's settings change in the answer. Row n of every cloud is in the same gateway."""

    def rows(self, table):
        """(gateway, user, {cloud: row}) for each row number."""
        for number in range(max(map(len, table.values()))):
            row = {cloud: rows[number] for cloud, rows in table.items() if number < len(rows)}
            changes = {cloud: next(part for part in own if isinstance(part, dict)) for cloud, own in row.items()}
            gateway = self.start({"clouds": changes})
            with gateway.user() as api:
                yield gateway, api, row
            gateway.stop()

    def test_addresses(self):
        for gateway, api, row in self.rows(ADDRESSES):
            for cloud, (changes, endpoint, bucket_endpoint) in row.items():
                with self.subTest(f"{cloud} {changes}"):
                    settings, request = gateway.settings["clouds"][cloud], {**FORM, "type": TYPES[cloud]}
                    data, _ = self.judge(cloud, api.info(request), request, settings)
                    self.assertEqual((data["endpoint"], data["bucket"]), (endpoint, settings["bucket"]))
                    if bucket_endpoint:
                        self.assertEqual((data["bucketEndpoint"], data["form"]["url"].rstrip("/")), (bucket_endpoint, bucket_endpoint))
                    else:
                        self.assertTrue(data["form"]["url"].startswith(endpoint), data["form"]["url"])
                    region = settings["region"]
                    self.assertEqual(data["region"], "oss-" + region.removeprefix("oss-") if cloud == "aliyun" else region)

    def test_calls(self):
        """Each way to the cloud's STS, as the settings choose it: the request says what they say, and its grant is taken."""
        regions = {name: sts.region for name, sts in self.fakes.items()}
        for gateway, api, row in self.rows(CALLS):
            for cloud, (name, changes, said) in row.items():
                with self.subTest(f"{cloud} {name}"):
                    sts = self.fakes[cloud]
                    sts.region = changes.get("sts_region") or cloud in ("aws", "tencent") and changes.get("region") or regions[cloud]
                    try:
                        request = {**REQUEST, "type": TYPES[cloud]}
                        self.judge(cloud, api.info(request), request, gateway.settings["clouds"][cloud])
                    finally:
                        sts.region = regions[cloud]
                    sent = sts.requests[-1]
                    self.assertEqual({n: getattr(sent, n) for n in said}, said)

    def test_sizes_durations_and_root(self):
        sizes = {"aws": (1, 900), "aliyun": (33554432, 43200), "qiniu": (1000, 60), "tencent": (1048576, 1800), "baidu": (7, 43200),
                 "huawei": (5368709119, 900), "ksyun": (10485760, 86400)}
        for root in ("a", "deep/er/root_1-2.x"):
            clouds = {cloud: {"max_size": size, "duration_seconds": seconds} for cloud, (size, seconds) in sizes.items()}
            gateway = self.start({"clouds": clouds, "paths": {"root": root}})
            with gateway.user() as api:
                for cloud in CLOUDS:
                    for grant in ("form", "sts"):
                        with self.subTest(f"{cloud} {root} {grant}"):
                            request = {**REQUEST, "type": TYPES[cloud], "grant": grant}
                            data, _ = self.judge(cloud, api.info(request), request, gateway.settings["clouds"][cloud])
                            self.assertEqual(data["maxSize"], sizes[cloud][0])
                            self.assertTrue(data["relativePath"].startswith(root + "/resource/video/"))

    def test_voucher_key(self):
        """`form`: temporary keys in the answer, the voucher signed by the upload identity."""
        for choice in ("form", "temporary"):
            gateway = self.start({"clouds": {cloud: {"voucher_key": choice} for cloud in WITH_STS}})
            with gateway.user() as api:
                for cloud in WITH_STS:
                    for directory in (0, 1):
                        with self.subTest(f"{cloud} {choice} isDir {directory}"):
                            request = {**REQUEST, "type": TYPES[cloud], "isDir": directory, "isNeedCallback": 1}
                            self.judge(cloud, api.info(request), request, gateway.settings["clouds"][cloud])

    def test_the_end_that_the_cloud_named(self):
        """Shorter than asked for, in fractions: the answer and its voucher end in that second. KSyun may write an offset."""
        tails = {"aws": ("Z", ".789Z", ".999999Z"), "huawei": ("Z", ".789Z", ".999999Z", ".587000Z"), "ksyun": ("Z", ".5Z", "+00:00")}
        for cloud in WITH_STS:
            for number, tail in enumerate(tails.get(cloud, tails["aws"])):
                with self.subTest(f"{cloud} {tail}"):
                    name, end = f"end{number}", int(time.time()) + 950 + number
                    sts = self.fakes[cloud]
                    written = stamp(end).replace("Z", tail)
                    sts.script[name] = [shaped(end=end if cloud == "tencent" else written)]
                    data = self.assert_granted(self.api.info({**REQUEST, "type": TYPES[cloud], "extension": name}))
                    self.assertEqual((data["expiredTime"], data["expiration"]), (end, stamp(end)))
                    credential = sts.credentials[data["accessKeyId"]]
                    check_voucher(cloud, data, (credential.id, credential.secret), credential.token, data["bucket"], data["region"])
        with self.subTest("ksyun, eight hours ahead"):
            end = int(time.time()) + 1200
            self.fakes["ksyun"].script["ahead"] = [shaped(end=stamp(end + 8 * 3600).replace("Z", "+08:00"))]
            self.assertEqual(self.assert_granted(self.api.info({**REQUEST, "type": 7, "extension": "ahead"}))["expiredTime"], end)

    def test_hostile_but_right_keys(self):
        """A token may be long and need escapes; the answer carries it unharmed. The odd ones may be taken for nonsense instead."""
        tokens = {"long": "A" * 4000, "base64": "a+b/c==", "markup": "a&b<c>d", "odd1": "a\"b\\c/d</x>&amp;é\u2028名", "odd2": "a b\tc"}
        for cloud in WITH_STS:
            for name, token in tokens.items():
                with self.subTest(f"{cloud} {name}"):
                    sts = self.fakes[cloud]
                    sts.script["token" + name] = [shaped(token=token)]
                    answer = self.api.info({**REQUEST, "type": TYPES[cloud], "extension": "token" + name})
                    if name.startswith("odd") and answer.status == 502:
                        continue
                    data = self.assert_granted(answer)
                    credential = sts.credentials[data["accessKeyId"]]
                    self.assertEqual(data["securityToken"], token)
                    check_voucher(cloud, data, (credential.id, credential.secret), token, data["bucket"], data["region"])

    def test_a_scope_beyond_the_policy_limit(self):
        """Refused at the start or at the request, never widened. IAM v3 takes no resource above 128 characters, STS 5 does."""
        before = self.exchanges()
        with self.subTest("a root beyond every limit"):
            try:
                gateway = self.start({"paths": {"root": "r" * 1900}})
            except AssertionError:
                gateway = None
            if gateway:
                with gateway.user() as api:
                    for cloud in WITH_STS:
                        self.assert_failure(api.info({**REQUEST, "type": TYPES[cloud]}), 400)
            self.assertEqual(self.exchanges(), before)
        front, request = "obs:*:*:object:vk-hw/", {**REQUEST, "type": TYPES["huawei"]}

        def length(api):
            """Of the resource that the next file is asked for as, by the path of one without an exchange."""
            return len(front + self.assert_granted(api.info({**FORM, "type": TYPES["qiniu"]}))["relativePath"])
        with self.start({"paths": {"root": "r"}}).user() as api:
            room = 128 - length(api) + 1
        for over in (0, 1):
            with self.subTest(f"huawei, {over} beyond the limit"):
                gateway = self.start({"paths": {"root": "r" * (room + over)}})
                with gateway.user() as api:
                    self.assertEqual(length(api), 128 + over)
                    before, answer = self.exchanges(), api.info(request)
                    if over:
                        self.assert_failure(answer, 400)
                        self.assertEqual(self.exchanges(), before)
                    else:
                        self.judge("huawei", answer, request)
                    for cloud in set(WITH_STS) - {"huawei"}:
                        self.assert_granted(api.info({**REQUEST, "type": TYPES[cloud]}))
        with self.subTest("huawei, sts5 has room"):
            gateway = self.start({"paths": {"root": "r" * (room + 20)}, "clouds": {"huawei": {"api": "sts5"}}})
            with gateway.user() as api:
                self.judge("huawei", api.info(request), request, gateway.settings["clouds"]["huawei"])
