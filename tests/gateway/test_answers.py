"""What is vended: every member of the answer, the path, the voucher and the session policy, each judged as its vendor would."""
import base64
import re
import time
from urllib.parse import parse_qsl

from support.case import FORM, REQUEST, TYPES, UUID4, GatewayCase, in_parallel
from support.process import FORM_KEYS, QINIU_KEYS, free_port
from support.signatures import unix
from support.sts import federated, shaped, stamp
from support.vouchers import check_form, check_session_policy, check_upload_token, strict_json

ORIGINAL = {"accessKeyId", "secretAccessKey", "securityToken", "bucket", "endpoint", "relativePath", "expiration", "region", "objectId",
            "signature", "policy"}
ADDED = {"type", "isDir", "startTime", "expiredTime", "serverTime", "bucketEndpoint", "maxSize", "form"}
TEMPLATE = "0df00d20-5e55-4914-95f0-e02ff0abbfb8"
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
PLACES = {"aws": ("us-east-1", "https://s3.us-east-1.amazonaws.com", "https://vk-aws.s3.us-east-1.amazonaws.com"),
          "aliyun": ("oss-cn-hangzhou", "https://oss-cn-hangzhou.aliyuncs.com", "https://vk-aliyun.oss-cn-hangzhou.aliyuncs.com"),
          "qiniu": ("z0", "https://up.qiniup.com", None)}


class Answers(GatewayCase):
    def test_every_combination(self):
        """Three clouds × keys or voucher alone × file or sequence × callback × modules: the whole answer each time."""
        self.object_ids, self.uuids, self.temporary = [], [], []
        for cloud, number in TYPES.items():
            for grant in ("sts", "form"):
                for directory in (0, 1):
                    for callback in (0, 1):
                        for module, (more, _, _) in MODULES.items():
                            with self.subTest(f"{cloud} {grant} isDir {directory} callback {callback} {module}"):
                                self.one(cloud, {"type": number, "extension": "Mp4", "isNeedCallback": callback,
                                                 "uploadModule": module.split()[0],
                                                 "isDir": directory, "grant": grant, **more}, module)
        with self.subTest("object ids are unique"):
            self.assertEqual(len(set(self.object_ids)), len(self.object_ids))
        with self.subTest("uuids are unique"):
            self.assertEqual(len(set(self.uuids)), len(self.uuids))
        with self.subTest("each answer has keys of its own"):
            self.assertEqual(len(set(self.temporary)), len(self.temporary))
        with self.subTest("the clouds' own checks of signature, nonce and parameters"):
            self.assertEqual(self.aws.faults() + self.aliyun.faults(), [])

    def one(self, cloud, request, module):
        sts = {"aws": self.aws, "aliyun": self.aliyun}.get(cloud)
        before = self.exchanges()
        answer = self.api.info(request)
        data = self.assert_granted(answer)
        asked = self.exchanges() - before
        vended = request["grant"] == "sts" and sts is not None
        self.assertEqual(asked, 1 if vended else 0, "exchanges with a cloud")
        self.assert_members(data, request)
        self.assert_place(data, cloud)
        self.assert_path(data, request, module)
        credential = sts.credentials.get(data["accessKeyId"]) if vended else None
        self.assert_keys(data, cloud, credential, request["grant"])
        self.assert_times(data, credential)
        policy = self.assert_voucher(data, cloud, credential, request["grant"])
        self.assert_callback(data, cloud, request, MODULES[module][2], policy)
        if vended:
            self.temporary.append(data["accessKeyId"])
            sent = sts.requests[-1]
            check_session_policy(cloud, sent.parameters["Policy"], data["bucket"], data["relativePath"])
            self.assertEqual(sent.parameters["DurationSeconds"], "3600")
            self.assertEqual(sent.parameters["RoleArn"], self.gateway.settings["clouds"][cloud]["role"])
            self.assert_traceable(sent.parameters["RoleSessionName"], answer.header("x-request-id"))

    def assert_traceable(self, session, request_id):
        """The session's name at the cloud leads to our request."""
        session, request_id = (re.sub(r"[^a-z0-9]", "", text.lower()) for text in (session, request_id))
        self.assertTrue(request_id in session or session in request_id or request_id[:16] in session, f"{session} {request_id}")

    def assert_members(self, data, request):
        wanted = ORIGINAL | ADDED | ({"callbackInfo"} if request["isNeedCallback"] else set())
        self.assertEqual(set(data) - {"ticket"}, wanted)
        texts = ORIGINAL - {"objectId"} | {"bucketEndpoint"}
        self.assertEqual({n: type(data[n]) for n in texts}, {n: str for n in texts})
        numbers = ("objectId", "type", "isDir", "startTime", "expiredTime", "serverTime", "maxSize")
        self.assertEqual({n: type(data[n]) for n in numbers}, {n: int for n in numbers})
        self.assertEqual((data["type"], data["isDir"], data["maxSize"]), (request["type"], request["isDir"], 5368709120))
        self.assertEqual(set(data["form"]), {"url", "fields", "fileField"})
        self.assertEqual(data["form"]["fileField"], "file")
        self.assertTrue(data["form"]["fields"] and all(isinstance(v, str) for v in data["form"]["fields"].values()))

    def assert_place(self, data, cloud):
        region, endpoint, bucket_endpoint = PLACES[cloud]
        self.assertEqual((data["bucket"], data["region"], data["endpoint"]), (f"vk-{cloud}", region, endpoint))
        if bucket_endpoint:
            self.assertEqual((data["bucketEndpoint"], data["form"]["url"].rstrip("/")), (bucket_endpoint, bucket_endpoint))
        else:
            # An upload host of Qiniu serves every bucket: the token names it.
            self.assertTrue(data["bucketEndpoint"].startswith("https://") and data["form"]["url"].startswith(endpoint))

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

    def assert_keys(self, data, cloud, credential, grant):
        keys = (data["accessKeyId"], data["secretAccessKey"], data["securityToken"])
        if credential:
            self.assertEqual(keys, (credential.id, credential.secret, credential.token))
        elif cloud == "qiniu":
            self.assertEqual(keys[:2], (FORM_KEYS["qiniu"] if grant == "form" else QINIU_KEYS)[:1] + ("",))
        else:
            self.assertEqual(keys, (FORM_KEYS[cloud][0], "", ""))

    def assert_times(self, data, credential):
        self.assertRegex(data["expiration"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertEqual(unix(data["expiration"], "%Y-%m-%dT%H:%M:%SZ"), data["expiredTime"])
        self.assertLessEqual(abs(data["serverTime"] - time.time()), 5)
        self.assertTrue(data["serverTime"] - 900 <= data["startTime"] <= data["serverTime"])
        if credential:
            self.assertEqual(data["expiration"], credential.expiration)
        else:
            self.assertIn(data["expiredTime"] - data["serverTime"], (3599, 3600, 3601))

    def assert_voucher(self, data, cloud, credential, grant):
        if cloud == "qiniu":
            return check_upload_token(data, *(FORM_KEYS["qiniu"] if grant == "form" else QINIU_KEYS), data["bucket"])
        key_id, secret, token = (credential.id, credential.secret, credential.token) if credential else (*FORM_KEYS[cloud], "")
        return check_form(cloud, data, key_id, secret, token, data["bucket"], data["region"])

    def assert_callback(self, data, cloud, request, resource_type, policy):
        fields, object_id = data["form"]["fields"], str(data["objectId"])
        if not request["isNeedCallback"]:
            self.assertFalse({"callback", "x-oss-callback"} & set(fields))
            self.assertFalse({"callbackUrl", "callbackBody"} & set(policy))
            return
        info = data["callbackInfo"]
        self.assertEqual(set(info) - {"headers"}, {"callbackBodyType", "callbackUrl", "customInfo", "callbackBody"})
        self.assertEqual(info["callbackBodyType"], "application/x-www-form-urlencoded")
        self.assertEqual(info["callbackUrl"].split("?")[0], CALLBACK)
        self.assertEqual(info["customInfo"], {"objectId": data["objectId"], "resourceType": resource_type})
        self.assertEqual({type(v) for v in info["customInfo"].values()}, {int})
        body, sent = info["callbackBody"], {"objectId": object_id, "resourceType": str(resource_type)}
        self.assertEqual("headers" in info, cloud == "aliyun")
        if cloud == "aliyun":
            self.assertTrue(body.startswith("objectId=${x:objectId}&resourceType=${x:resourceType}"), body)
            asked = strict_json(base64.b64decode(info["headers"]["x-oss-callback"], validate=True))
            self.assertEqual({n: asked[n] for n in ("callbackUrl", "callbackBody", "callbackBodyType")},
                             {n: info[n] for n in ("callbackUrl", "callbackBody", "callbackBodyType")})
            self.assertLessEqual(set(asked), {"callbackUrl", "callbackBody", "callbackBodyType", "callbackSNI", "callbackHost"})
            variables = strict_json(base64.b64decode(info["headers"]["x-oss-callback-var"], validate=True))
            self.assertEqual(variables, {"x:" + n: v for n, v in sent.items()})
            self.assertEqual(set(info["headers"]), {"x-oss-callback", "x-oss-callback-var"})
            form_asks = strict_json(base64.b64decode(fields["callback"], validate=True))
            self.assertEqual(form_asks, asked)
            self.assertEqual({n: fields.get(n) for n in variables}, variables)
            pinned = [c for c in policy["conditions"] if c in ({"callback": fields["callback"]}, ["eq", "$callback", fields["callback"]])]
            self.assertTrue(pinned, "the form's policy does not pin the callback")
        elif cloud == "qiniu":
            self.assertEqual({n: policy.get(n) for n in ("callbackUrl", "callbackBody", "callbackBodyType")},
                             {n: info[n] for n in ("callbackUrl", "callbackBody", "callbackBodyType")})
            self.assertNotIn("${", body)
            filled = re.sub(r"\$\((x:\w+)\)", lambda m: fields[m.group(1)], body)
            self.assertLessEqual(set(sent.items()), set(parse_qsl(filled)))
        else:
            self.assertNotRegex(body, r"\$[({]")
            self.assertLessEqual(set(sent.items()), set(parse_qsl(body)))

    def test_many_at_once(self):
        """Ids, uuids, keys and request ids of 600 answers on 24 connections."""
        def some(number):
            with self.gateway.user() as api:
                return [api.info({**(REQUEST if k % 5 == 0 else FORM), "type": (2, 3, 0)[k % 3]}) for k in range(25)]
        answers = [a for batch in in_parallel(some, range(24), 24) for a in batch]
        datas = [self.assert_granted(a) for a in answers]
        for name, values in (("objectId", [d["objectId"] for d in datas]), ("relativePath", [d["relativePath"] for d in datas]),
                             ("X-Request-Id", [a.header("x-request-id") for a in answers]),
                             ("keys", [d["accessKeyId"] for d in datas if d["secretAccessKey"]])):
            with self.subTest(name):
                self.assertEqual(len(set(values)), len(values))


class Settings(GatewayCase):
    """What a cloud's settings change in the answer."""

    def vend(self, clouds, request):
        gateway = self.start({"clouds": clouds})
        with gateway.user() as api:
            answer = api.info(request)
        gateway.stop()
        return self.assert_granted(answer)

    def test_addresses(self):
        port = free_port()
        table = [
            ("aws", {"region": "cn-north-1", "role": "arn:aws-cn:iam::111122223333:role/uploader"},
             "https://s3.cn-north-1.amazonaws.com.cn", "https://vk-aws.s3.cn-north-1.amazonaws.com.cn"),
            ("aws", {"path_style": True}, "https://s3.us-east-1.amazonaws.com", "https://s3.us-east-1.amazonaws.com/vk-aws"),
            ("aws", {"endpoint": "https://minio.example.com:9000"}, "https://minio.example.com:9000",
             "https://vk-aws.minio.example.com:9000"),
            ("aws", {"endpoint": "https://minio.example.com:9000", "path_style": True}, "https://minio.example.com:9000",
             "https://minio.example.com:9000/vk-aws"),
            ("aws", {"endpoint": f"http://127.0.0.1:{port}"}, f"http://127.0.0.1:{port}", f"http://127.0.0.1:{port}/vk-aws"),
            ("aws", {"endpoint": "http://10.1.2.3:9000", "allow_http": True}, "http://10.1.2.3:9000", "http://10.1.2.3:9000/vk-aws"),
            ("aws", {"endpoint": f"https://[::1]:{port}"}, f"https://[::1]:{port}", f"https://[::1]:{port}/vk-aws"),
            ("aws", {"bucket_endpoint": "https://cdn.example.com"}, "https://s3.us-east-1.amazonaws.com", "https://cdn.example.com"),
            ("aliyun", {"region": "cn-hangzhou"}, "https://oss-cn-hangzhou.aliyuncs.com", "https://vk-aliyun.oss-cn-hangzhou.aliyuncs.com"),
            ("aliyun", {"region": "oss-cn-beijing", "endpoint": "https://oss-cn-beijing-internal.aliyuncs.com"},
             "https://oss-cn-beijing-internal.aliyuncs.com", "https://vk-aliyun.oss-cn-beijing-internal.aliyuncs.com"),
            ("aliyun", {"bucket_endpoint": "https://upload.example.com"}, "https://oss-cn-hangzhou.aliyuncs.com",
             "https://upload.example.com"),
            ("aliyun", {"endpoint": f"http://127.0.0.1:{port}"}, f"http://127.0.0.1:{port}", f"http://127.0.0.1:{port}/vk-aliyun"),
            ("qiniu", {"region": "z1"}, "https://up-z1.qiniup.com", None),
            ("qiniu", {"region": "cn-east-2"}, "https://up-cn-east-2.qiniup.com", None),
            ("qiniu", {"endpoint": "https://upload.qiniup.com"}, "https://upload.qiniup.com", None),
            ("qiniu", {"bucket_endpoint": "https://up.example.com"}, "https://up.qiniup.com", "https://up.example.com"),
        ]
        for cloud, changes, endpoint, bucket_endpoint in table:
            with self.subTest(f"{cloud} {changes}"):
                data = self.vend({cloud: changes}, {**FORM, "type": TYPES[cloud]})
                self.assertEqual(data["endpoint"], endpoint)
                if bucket_endpoint:
                    self.assertEqual((data["bucketEndpoint"], data["form"]["url"].rstrip("/")), (bucket_endpoint, bucket_endpoint))
                else:
                    self.assertTrue(data["form"]["url"].startswith(endpoint), data["form"]["url"])
                region = changes.get("region", self.gateway.settings["clouds"][cloud]["region"])
                region = "oss-" + region.removeprefix("oss-") if cloud == "aliyun" else region
                self.assertEqual(data["region"], region)
                if cloud == "qiniu":
                    check_upload_token(data, *FORM_KEYS[cloud], data["bucket"])
                else:
                    check_form(cloud, data, *FORM_KEYS[cloud], "", data["bucket"], data["region"])

    def test_sizes_durations_and_root(self):
        sizes = {name: {"max_size": size, "duration_seconds": seconds} for name, size,
                 seconds in (("aws", 1, 900), ("aliyun", 33554432, 43200), ("qiniu", 1000, 60))}
        for root in ("a", "deep/er/root_1-2.x"):
            gateway = self.start({"clouds": sizes, "paths": {"root": root}})
            with gateway.user() as api:
                for cloud, number in TYPES.items():
                    with self.subTest(f"{cloud} {root}"):
                        data = self.assert_granted(api.info({**FORM, "type": number}))
                        self.assertEqual(data["maxSize"], sizes[cloud]["max_size"])
                        self.assertIn(data["expiredTime"] - data["serverTime"] - sizes[cloud]["duration_seconds"], (-1, 0, 1))
                        self.assertTrue(data["relativePath"].startswith(root + "/resource/video/"))
                        if cloud == "qiniu":
                            check_upload_token(data, *FORM_KEYS[cloud], data["bucket"])
                        else:
                            check_form(cloud, data, *FORM_KEYS[cloud], "", data["bucket"], data["region"])
                for cloud, sts in (("aws", self.aws), ("aliyun", self.aliyun)):
                    with self.subTest(f"{cloud} {root} keys"):
                        data = self.assert_granted(api.info({**REQUEST, "type": TYPES[cloud]}))
                        sent = sts.requests[-1].parameters
                        self.assertEqual(sent["DurationSeconds"], str(sizes[cloud]["duration_seconds"]))
                        check_session_policy(cloud, sent["Policy"], data["bucket"], data["relativePath"])

    def test_the_calls_that_aws_knows(self):
        self.addCleanup(setattr, self.aws, "default", self.aws.default)
        self.addCleanup(setattr, self.aws, "region", "us-east-1")
        for name, changes, partition in (("federation", {"role": None, "duration_seconds": 129600}, "aws"),
                                         ("external id", {"external_id": "ext/er=nal,1"}, "aws"),
                                         ("ARN without an account", {"role": "arn:aws:iam:::role/uploader"}, "aws"),
                                         ("ARN with a path", {"role": "arn:aws:iam::111122223333:role/a/b+c=d"}, "aws"),
                                         ("China", {"region": "cn-north-1", "role": "arn:aws-cn:iam::111122223333:role/uploader"},
                                          "aws-cn"),
                                         ("GovCloud", {"region": "us-gov-west-1", "role": "arn:aws-us-gov:iam::111122223333:role/uploader"},
                                          "aws-us-gov")):
            with self.subTest(name):
                role = changes.get("role", "arn:aws:iam::111122223333:role/uploader")
                self.aws.default = shaped() if role else federated
                self.aws.region = changes.get("region", "us-east-1")
                data = self.vend({"aws": changes}, REQUEST)
                sent = self.aws.requests[-1]
                self.assertIsNone(sent.fault)
                credential = self.aws.credentials[data["accessKeyId"]]
                self.assertEqual((data["secretAccessKey"], data["securityToken"]), (credential.secret, credential.token))
                self.assertEqual(sent.parameters["Action"], "AssumeRole" if role else "GetFederationToken")
                self.assertEqual(sent.parameters.get("RoleArn"), role)
                self.assertEqual(sent.parameters.get("ExternalId"), changes.get("external_id"))
                self.assertEqual(sent.parameters["DurationSeconds"], str(changes.get("duration_seconds", 3600)))
                check_session_policy("aws", sent.parameters["Policy"], data["bucket"], data["relativePath"], partition)
                check_form("aws", data, credential.id, credential.secret, credential.token, data["bucket"], data["region"])

    def test_external_id_and_region_of_aliyun(self):
        data = self.vend({"aliyun": {"external_id": "ext/er=nal,1", "region": "cn-hangzhou"}}, {**REQUEST, "type": 3})
        sent = self.aliyun.requests[-1]
        self.assertIsNone(sent.fault)
        self.assertEqual(sent.parameters["ExternalId"], "ext/er=nal,1")
        self.assertEqual(data["region"], "oss-cn-hangzhou")
        credential = self.aliyun.credentials[data["accessKeyId"]]
        check_form("aliyun", data, credential.id, credential.secret, credential.token, data["bucket"], data["region"])

    def test_voucher_key_form(self):
        """Temporary keys in the answer, the voucher signed by the upload identity."""
        for cloud, sts in (("aws", self.aws), ("aliyun", self.aliyun)):
            with self.subTest(cloud):
                data = self.vend({cloud: {"voucher_key": "form"}}, {**REQUEST, "type": TYPES[cloud]})
                credential = sts.credentials[data["accessKeyId"]]
                self.assertEqual((data["secretAccessKey"], data["securityToken"], data["expiration"]),
                                 (credential.secret, credential.token, credential.expiration))
                check_form(cloud, data, *FORM_KEYS[cloud], "", data["bucket"], data["region"])
            with self.subTest(f"{cloud} temporary, said aloud"):
                data = self.vend({cloud: {"voucher_key": "temporary"}}, {**REQUEST, "type": TYPES[cloud]})
                credential = sts.credentials[data["accessKeyId"]]
                check_form(cloud, data, credential.id, credential.secret, credential.token, data["bucket"], data["region"])

    def test_the_end_that_the_cloud_named(self):
        """Shorter than asked for, in fractions, or spelt with an offset of nothing: the answer and its voucher end in that second."""
        for cloud, sts in (("aws", self.aws), ("aliyun", self.aliyun)):
            for number, (lifetime, tail) in enumerate(((1200, "Z"), (1800, ".789Z"), (950, ".999999Z"))):
                with self.subTest(f"{cloud} {lifetime} {tail}"):
                    name = f"end{number}"
                    end = int(time.time()) + lifetime
                    sts.script[name] = [shaped(Expiration=stamp(end).replace("Z", tail))]
                    data = self.assert_granted(self.api.info({**REQUEST, "type": TYPES[cloud], "extension": name}))
                    self.assertEqual((data["expiredTime"], data["expiration"]), (end, stamp(end)))
                    credential = sts.credentials[data["accessKeyId"]]
                    check_form(cloud, data, credential.id, credential.secret, credential.token, data["bucket"], data["region"])

    def test_hostile_but_right_keys(self):
        """A token may be long and need escapes; the answer carries it unharmed. The odd ones may be taken for nonsense instead."""
        tokens = {"long": "A" * 7000, "base64": "a+b/c==", "markup": "a&b<c>d", "odd1": "a\"b\\c/d</x>&amp;é\u2028名", "odd2": "a b\tc"}
        for cloud, sts in (("aws", self.aws), ("aliyun", self.aliyun)):
            for name, token in tokens.items():
                with self.subTest(f"{cloud} {name}"):
                    member = {"aws": "SessionToken", "aliyun": "SecurityToken"}[cloud]
                    sts.script["token" + name] = [shaped(**{member: token})]
                    answer = self.api.info({**REQUEST, "type": TYPES[cloud], "extension": "token" + name})
                    if name.startswith("odd") and answer.status == 502:
                        continue
                    data = self.assert_granted(answer)
                    credential = sts.credentials[data["accessKeyId"]]
                    self.assertEqual(data["securityToken"], token)
                    check_form(cloud, data, credential.id, credential.secret, token, data["bucket"], data["region"])

    def test_a_scope_beyond_the_policy_limit(self):
        """Refused at the start or at the request, never widened."""
        before = self.exchanges()
        try:
            gateway = self.start({"paths": {"root": "r" * 1900}})
        except AssertionError:
            return
        with gateway.user() as api:
            for cloud in ("aws", "aliyun"):
                self.assert_failure(api.info({**REQUEST, "type": TYPES[cloud]}), 400)
        self.assertEqual(self.exchanges(), before)
