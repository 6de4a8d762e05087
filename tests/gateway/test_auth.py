"""Who may have what: tokens, modules, projects, the caller's limit; and which pages may ask (CORS)."""
import hashlib

from support.case import FORM, REQUEST, GatewayCase
from support.process import TOKEN, token

INFO = "/upload/sts/info"
MODULES = ["bs_project", "app_project", "resource_video", "resource_image", "material_template", "directorytemp"]
UUID = "0df00d20-5e55-4914-95f0-e02ff0abbfb8"


def ask_for(module, project=None):
    return {**FORM, "uploadModule": module, **({"uuid": UUID} if module == "material_template" else {}),
            **({"projectId": project} if project else {})}


class Tokens(GatewayCase):
    tokens = [token(TOKEN, "everybody", modules="*", projects="*"),
              token("video-token", "video", modules=["resource_video"], projects=[8357]),
              token("bare", "nobody"), token("no-projects", "modules alone", modules="*"),
              token("projects-token", "projects", modules=["bs_project", "app_project"], projects=[8357, 9]),
              token("no-modules", "projects alone", projects="*"), token("temp-token", "temp", modules=["directorytemp"], projects=[]),
              token("empty", "empty", modules=[], projects=[]),
              token("odd/+=.~-_token", "odd", modules="*", projects="*")]

    def ask(self, authorization, fields=FORM):
        with self.gateway.user(token=None) as api:
            return api.info(fields, headers={"Authorization": authorization} if authorization is not None else {})

    def test_a_token_is_needed(self):
        digest = hashlib.sha256(TOKEN.encode()).hexdigest()
        wrong = {"none": None, "empty": "", "scheme alone": "Bearer", "scheme and blank": "Bearer ", "another": "Bearer another",
                 "bare another": "another", "Basic": "Basic " + TOKEN, "Basic, encoded": "Basic OnRva2Vu",
                 "prefix": "Bearer " + TOKEN[:-1], "longer": f"Bearer {TOKEN}x", "capitals": "Bearer " + TOKEN.upper(),
                 "its digest": "Bearer " + digest, "digest bare": digest, "two words": f"Bearer {TOKEN} x",
                 "list": f"Bearer {TOKEN}, Bearer {TOKEN}", "quoted": f'Bearer "{TOKEN}"', "glued": "Bearer" + TOKEN,
                 "a subject": "Bearer everybody", "star": "Bearer *", "long": "Bearer " + "a" * 8000}
        for name, value in wrong.items():
            with self.subTest(name):
                before = self.exchanges()
                answer = self.ask(value, REQUEST)
                self.assert_failure(answer, 401)
                self.assertRegex(answer.header("www-authenticate"), r"(?i)^bearer\b")
                self.assertEqual(self.exchanges(), before)
        with self.subTest("in the query"), self.gateway.user(token=None) as api:
            answer = api.query(f"type=2&extension=a&isNeedCallback=0&uploadModule=temp&access_token={TOKEN}")
            self.assert_failure(answer, (400, 401))
        with self.subTest("in another header"):
            with self.gateway.user(token=None) as api:
                self.assert_failure(api.info(FORM, headers={"X-Authorization": f"Bearer {TOKEN}", "Proxy-Authorization": f"Bearer {TOKEN}",
                                                            "Cookie": f"Authorization={TOKEN}"}), 401)
        for method in ("GET", "POST"):
            with self.subTest(f"{method} without a token"), self.gateway.user(token=None) as api:
                self.assert_failure(api.info(REQUEST, method), 401)

    def test_how_a_token_is_written(self):
        for name, value in {"Bearer": f"Bearer {TOKEN}", "bare": TOKEN, "lower case scheme": f"bearer {TOKEN}",
                            "upper case scheme": f"BEARER {TOKEN}", "blanks around": f"  Bearer {TOKEN}  ",
                            "odd characters": "Bearer odd/+=.~-_token",
                            "odd characters bare": "odd/+=.~-_token"}.items():
            with self.subTest(name):
                self.assert_granted(self.ask(value))
        with self.subTest("header name in lower case"):
            with self.gateway.user(token=None) as api:
                self.assert_granted(api.info(FORM, headers={"authorization": f"Bearer {TOKEN}"}))

    def test_modules(self):
        rights = {"video-token": {"resource_video"}, "bare": set(), "no-projects": set(MODULES) - {"bs_project"},
                  "projects-token": {"bs_project", "app_project"}, "no-modules": set(),
                  "temp-token": {"directorytemp"}, "empty": set(), TOKEN: set(MODULES)}
        for name, allowed in rights.items():
            with self.gateway.user(name) as api:
                for module in MODULES:
                    with self.subTest(f"{name}: {module}"):
                        before = self.exchanges()
                        answer = api.info({**ask_for(module, 8357 if module == "bs_project" else None), "grant": "sts"})
                        if module in allowed:
                            self.assert_granted(answer)
                        else:
                            self.assert_failure(answer, 403)
                            self.assertEqual(self.exchanges(), before)
        with self.subTest("temp is directorytemp"):
            with self.gateway.user("temp-token") as api:
                self.assert_granted(api.info(ask_for("temp")))

    def test_projects(self):
        for name, module, project, allowed in (("projects-token", "bs_project", 8357, True), ("projects-token", "bs_project", 9, True),
                                               ("projects-token", "bs_project", 8358, False),
                                               ("projects-token", "bs_project", 2**32 + 9, False),
                                               ("projects-token", "app_project", 8357, True),
                                               ("projects-token", "app_project", 8358, False),
                                               ("projects-token", "app_project", None, True),
                                               ("no-projects", "app_project", 8357, False), ("no-projects", "bs_project", 8357, False),
                                               ("no-projects", "resource_video", 8357, True),
                                               ("no-projects", "directorytemp", 5, True), ("video-token", "resource_video", 5, True),
                                               (TOKEN, "bs_project", 2**63 - 1, True), (TOKEN, "app_project", 1, True)):
            with self.subTest(f"{name}: {module} {project}"), self.gateway.user(name) as api:
                before = self.exchanges()
                answer = api.info({**ask_for(module, project), "grant": "sts"})
                if allowed:
                    self.assert_granted(answer)
                else:
                    self.assert_failure(answer, 403)
                    self.assertEqual(self.exchanges(), before)


class Limit(GatewayCase):
    changes = {"limits": {"requests_per_minute": 5}}
    tokens = [token(TOKEN, "alice", modules="*", projects="*"), token("second", "alice", modules="*", projects="*"),
              token("third", "bob", modules="*", projects="*")]

    def test_requests_per_minute(self):
        with self.gateway.user(TOKEN) as first, self.gateway.user("second") as second, self.gateway.user("third") as other:
            answers = [api.info({**REQUEST, "type": 3}) for _ in range(7) for api in (first, second)]
            statuses = [a.status for a in answers]
            with self.subTest("five are granted"):
                self.assertEqual(statuses[:5], [200] * 5)
            with self.subTest("then no more, whichever token the subject uses"):
                self.assertEqual(statuses[-2:], [429, 429])
            with self.subTest("a minute may turn over meanwhile, not more"):
                self.assertLessEqual(statuses.count(200), 10)
            refused = [a for a in answers if a.status == 429]
            with self.subTest("how a refusal looks"):
                self.assert_failure(refused[0], 429)
                self.assertRegex(refused[0].header("retry-after"), r"^[1-9]\d?$")
            with self.subTest("a refused request reaches no cloud"):
                self.assertEqual(self.fakes["aliyun"].count(), statuses.count(200))
            with self.subTest("another subject is not held back"):
                self.assert_granted(other.info(FORM))
            with self.subTest("health checks are not counted"):
                self.assertEqual({first.ask("GET", "/healthz").status for _ in range(10)}, {200})


class Pages(GatewayCase):
    """CORS. Configured: https://app.example.com and http://localhost:5173."""
    origin = "https://app.example.com"

    def cors(self, answer):
        return {n: v for n, v in answer.headers if n.startswith("access-control-")}

    def outcomes(self, headers):
        """One answer of every kind."""
        with self.gateway.user(headers=headers) as api, self.gateway.user(token=None, headers=headers) as stranger:
            return {"200": api.info(FORM), "GET 200": api.info(FORM, "GET"), "400": api.info(b"{}"), "401": stranger.info(FORM),
                    "404": api.ask("GET", "/nowhere"), "405": api.ask("DELETE", INFO), "413": api.info(b" " * 9000),
                    "415": api.info(FORM, headers={"Content-Type": "text/plain"})}

    def test_known_origins(self):
        for origin in (self.origin, "http://localhost:5173"):
            for name, answer in self.outcomes({"Origin": origin}).items():
                with self.subTest(f"{origin} {name}"):
                    self.assertEqual(answer.status, int(name[-3:]))
                    self.assertEqual(answer.all("access-control-allow-origin"), [origin])
                    self.assertIn("origin", [v.strip().lower() for line in answer.all("vary") for v in line.split(",")])

    def test_unknown_origins(self):
        others = ["https://evil.example", "https://app.example.com.evil.example", "https://app.example.com:8443", "http://app.example.com",
                  "https://app.example.com/", "https://x.app.example.com", "https://app.example.co", "null", "*", "",
                  "https://app.example.com, https://evil.example", "http://localhost", "http://localhost:51730"]
        for origin in others:
            with self.subTest(repr(origin)), self.gateway.user(headers={"Origin": origin}) as api:
                answer = api.info(FORM)
                self.assertEqual((answer.status, self.cors(answer)), (200, {}))
                answer = api.info(b"{}")
                self.assertEqual((answer.status, self.cors(answer)), (400, {}))
        with self.subTest("no origin"):
            self.assertEqual(self.cors(self.api.info(FORM)), {})

    def preflight(self, origin, method="POST", headers="authorization,content-type", gateway=None):
        with (gateway or self.gateway).user(token=None) as api:
            return api.ask("OPTIONS", INFO, headers={"Origin": origin, "Access-Control-Request-Method": method,
                                                     **({"Access-Control-Request-Headers": headers} if headers else {})})

    def test_preflight(self):
        for origin in (self.origin, "http://localhost:5173"):
            for method in ("POST", "GET"):
                for headers in ("authorization,content-type", "authorization", None):
                    with self.subTest(f"{origin} {method} {headers}"):
                        answer = self.preflight(origin, method, headers)
                        self.assertIn(answer.status, (200, 204))
                        self.assertEqual(answer.all("access-control-allow-origin"), [origin])
                        allowed = {v.strip() for v in answer.header("access-control-allow-methods").split(",")}
                        self.assertLessEqual({"GET", "POST"}, allowed)
                        allowed = {v.strip().lower() for v in answer.header("access-control-allow-headers").split(",")}
                        self.assertLessEqual({"authorization", "content-type"}, allowed)
                        self.assertIn("origin", answer.header("vary").lower())
        with self.subTest("from elsewhere"):
            self.assertEqual(self.cors(self.preflight("https://evil.example")), {})
        with self.subTest("the connection goes on"):
            with self.gateway.user() as api:
                api.ask("OPTIONS", INFO, headers={"Origin": self.origin, "Access-Control-Request-Method": "POST"})
                self.assert_granted(api.info(FORM))

    def test_options_that_is_no_preflight(self):
        for name, headers in (("nothing", {}), ("an origin alone", {"Origin": self.origin}),
                              ("a method alone", {"Access-Control-Request-Method": "POST"})):
            with self.subTest(name):
                answer = self.api.ask("OPTIONS", INFO, headers=headers)
                self.assert_failure(answer, 405)
                self.assertTrue(answer.header("allow"))

    def test_without_origins(self):
        for name, cors in (("no cors", None), ("no origins", {"origins": []})):
            with self.subTest(name):
                gateway = self.start({"cors": cors})
                with gateway.user(headers={"Origin": self.origin}) as api:
                    self.assertEqual(self.cors(api.info(FORM)), {})
                self.assertEqual(self.cors(self.preflight(self.origin, gateway=gateway)), {})
