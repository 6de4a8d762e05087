// What the peers do in process, one job a run:
//   node jobs.mjs JOB      says `ready VERSION`, then answers each line `run SECONDS` with nanoseconds of CPU an operation
// Each client is made once and kept, as its documentation advises.
import {createRequire} from "node:module";
import {createInterface} from "node:readline";
import {randomUUID} from "node:crypto";

const require = createRequire(import.meta.url);
const version = (name) => require(`./node_modules/${name}/package.json`).version;
const credentials = {accessKeyId: "AKIDVALETKEYFORM0001", secretAccessKey: "aws/FormIdentity+Secret000000000000000001"};
const largest = 5368709120;
const key = () => `test/resource/video/2026/03/14/10503/${randomUUID()}.mp4`;
const body = () =>
  "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A111122223333%3Arole%2Fuploader" +
  `&RoleSessionName=${randomUUID()}&Policy=${encodeURIComponent(JSON.stringify({
    Version: "2012-10-17",
    Statement: [{Effect: "Allow", Action: ["s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"],
                 Resource: [`arn:aws:s3:::vk-demo-1250000000/${key()}`]}],
  }))}&DurationSeconds=3600`;
const stsHeaders = {host: "sts.cn-north-1.amazonaws.com", "content-type": "application/x-www-form-urlencoded"};

// Each makes its operation: a function, or an async function.
const jobs = {
  "@aws-sdk/s3-presigned-post": async () => {
    const {S3Client} = await import("@aws-sdk/client-s3");
    const {createPresignedPost} = await import("@aws-sdk/s3-presigned-post");
    const client = new S3Client({region: "cn-north-1", credentials});
    return () => createPresignedPost(client, {
      Bucket: "vk-demo-1250000000", Key: key(), Expires: 3600, Conditions: [["content-length-range", 1, largest]]});
  },
  minio: async () => {
    const {Client} = await import("minio");
    const client = new Client({endPoint: "store.example", region: "cn-north-1", accessKey: credentials.accessKeyId,
                               secretKey: credentials.secretAccessKey});
    return () => {
      const policy = client.newPostPolicy();
      policy.setBucket("vk-demo-1250000000");
      policy.setKey(key());
      policy.setExpires(new Date(Date.now() + 3600e3));
      policy.setContentLengthRange(1, largest);
      return client.presignedPostPolicy(policy);
    };
  },
  "@smithy/signature-v4": async () => {
    const {SignatureV4} = await import("@smithy/signature-v4");
    const {Sha256} = await import("@aws-crypto/sha256-js");
    const signer = new SignatureV4({service: "sts", region: "cn-north-1", credentials, sha256: Sha256});
    return () => signer.sign({method: "POST", protocol: "https:", hostname: stsHeaders.host, path: "/", query: {},
                              headers: {...stsHeaders}, body: body()});
  },
  aws4: async () => {
    const {default: aws4} = await import("aws4");
    return () => aws4.sign({service: "sts", region: "cn-north-1", method: "POST", path: "/", host: stsHeaders.host,
                            headers: {"content-type": stsHeaders["content-type"]}, body: body()}, credentials);
  },
  "ali-oss": async () => {
    const {default: OSS} = await import("ali-oss");
    const client = new OSS({region: "oss-cn-north-1", bucket: "vk-demo", accessKeyId: credentials.accessKeyId,
                            accessKeySecret: credentials.secretAccessKey});
    return () => {
      const now = new Date();
      const day = now.toISOString().slice(0, 10).replaceAll("-", "");
      return client.signPostObjectPolicyV4({
        expiration: new Date(now.getTime() + 3600e3).toISOString(),
        conditions: [{bucket: "vk-demo"}, {"x-oss-signature-version": "OSS4-HMAC-SHA256"},
                     {"x-oss-credential": `${credentials.accessKeyId}/${day}/cn-north-1/oss/aliyun_v4_request`},
                     {"x-oss-date": now.toISOString()}, ["eq", "$key", key()], ["content-length-range", 1, largest]],
      }, now);
    };
  },
  "ali-oss V1": async () => {
    const {default: OSS} = await import("ali-oss");
    const client = new OSS({region: "oss-cn-north-1", bucket: "vk-demo", accessKeyId: credentials.accessKeyId,
                            accessKeySecret: credentials.secretAccessKey});
    return () => client.calculatePostSignature({
      expiration: new Date(Date.now() + 3600e3).toISOString(),
      conditions: [{bucket: "vk-demo"}, ["eq", "$key", key()], ["content-length-range", 1, largest]],
    });
  },
  qiniu: async () => {
    const {default: qiniu} = await import("qiniu");
    const mac = new qiniu.auth.digest.Mac(credentials.accessKeyId, credentials.secretAccessKey);
    return () => new qiniu.rs.PutPolicy({scope: `vk-demo:${key()}`, expires: 3600, insertOnly: 1, fsizeMin: 1,
                                         fsizeLimit: largest}).uploadToken(mac);
  },
  "cos-nodejs-sdk-v5": async () => {
    const {default: COS} = await import("cos-nodejs-sdk-v5");
    return () => COS.getAuthorization({SecretId: credentials.accessKeyId, SecretKey: credentials.secretAccessKey,
                                       Method: "PUT", Key: key(), Expires: 3600, Query: {},
                                       Headers: {Host: "vk-demo-1250000000.cos.cn-north-1.myqcloud.com"}});
  },
};

const name = process.argv[2];
const operation = await jobs[name]();
const isAsync = operation() instanceof Promise;
const cpu = () => { const used = process.cpuUsage(); return (used.user + used.system) * 1000; };
async function run(seconds) {
  const until = performance.now() + seconds * 1000;
  const begun = cpu();
  let count = 0;
  while (performance.now() < until) {
    if (isAsync) for (let i = 0; i < 50; ++i) await operation();
    else for (let i = 0; i < 50; ++i) operation();
    count += 50;
  }
  return (cpu() - begun) / count;
}

await run(1); // until the compiler has seen it
console.log(`ready ${version(name.split(" ")[0])}`);
for await (const line of createInterface({input: process.stdin})) console.log(await run(Number(line.split(" ")[1])));
