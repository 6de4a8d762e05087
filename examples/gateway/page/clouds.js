// The seven clouds: their names, and the lines for the vendor's client.

// In the sandbox `endpoint` is an IP address. These clients want the bucket in the host, and *.localhost is loopback.
const byName = "a.endpoint.replace('127.0.0.1', 'localhost')";

export const clouds = {
  aws: {
    type: 2,
    name: { en: 'AWS S3', zh: '亚马逊 AWS S3' },
    client: `import { S3Client } from '@aws-sdk/client-s3';  // 3.1173.0
import { Upload } from '@aws-sdk/lib-storage';  // 3.1173.0

const client = new S3Client({
  region: a.region,
  endpoint: a.endpoint,
  credentials: {
    accessKeyId: a.accessKeyId,
    secretAccessKey: a.secretAccessKey,
    sessionToken: a.securityToken,
    expiration: new Date(a.expiration),
  },
  requestChecksumCalculation: 'WHEN_REQUIRED',
});
const upload = new Upload({
  client,
  params: { Bucket: a.bucket, Key: a.relativePath, Body: file },
});
upload.on('httpUploadProgress', (e) => { bar.value = e.loaded / e.total; });
await upload.done();`,
  },
  aliyun: {
    type: 3,
    name: { en: 'Aliyun OSS', zh: '阿里云 OSS' },
    client: `import OSS from 'ali-oss';  // 6.23.0

const client = new OSS({
  region: a.region,
  endpoint: ${byName},
  secure: a.endpoint.startsWith('https:'),
  bucket: a.bucket,
  accessKeyId: a.accessKeyId,
  accessKeySecret: a.secretAccessKey,
  stsToken: a.securityToken,
  authorizationV4: true,
});
await client.multipartUpload(a.relativePath, file, {
  progress: (done) => { bar.value = done; },
});`,
  },
  tencent: {
    type: 1,
    name: { en: 'Tencent COS', zh: '腾讯云 COS' },
    client: `import COS from 'cos-js-sdk-v5';  // 1.10.1

const endpoint = new URL(${byName});
const client = new COS({
  Domain: '{Bucket}.' + endpoint.host,
  Protocol: endpoint.protocol,
  getAuthorization: (options, done) => done({
    TmpSecretId: a.accessKeyId,
    TmpSecretKey: a.secretAccessKey,
    SecurityToken: a.securityToken,
    StartTime: a.startTime,
    ExpiredTime: a.expiredTime,
    ScopeLimit: true,
  }),
});
await client.uploadFile({
  Bucket: a.bucket, Region: a.region, Key: a.relativePath, Body: file,
  onProgress: (e) => { bar.value = e.percent; },
});`,
  },
  baidu: {
    type: 4,
    name: { en: 'Baidu BOS', zh: '百度智能云 BOS' },
    formCallsNobody: true,
    client: `import { BosClient } from '@baiducloud/sdk';  // 1.0.7

const client = new BosClient({
  endpoint: a.endpoint,
  credentials: { ak: a.accessKeyId, sk: a.secretAccessKey },
  sessionToken: a.securityToken,
});
client.on('progress', (e) => { bar.value = e.loaded / e.total; });
await client.putObjectFromBlob(a.bucket, a.relativePath, file);`,
  },
  huawei: {
    type: 6,
    name: { en: 'Huawei OBS', zh: '华为云 OBS' },
    client: `import ObsClient from 'esdk-obs-browserjs';  // 3.25.6

const client = new ObsClient({
  server: ${byName},
  access_key_id: a.accessKeyId,
  secret_access_key: a.secretAccessKey,
  security_token: a.securityToken,
  is_signature_negotiation: false,
});
const said = await client.putObject({
  Bucket: a.bucket, Key: a.relativePath, SourceFile: file,
  ProgressCallback: (sent, total) => { bar.value = sent / total; },
});
if (said.CommonMsg.Status >= 300) throw new Error(said.CommonMsg.Code);`,
  },
  ksyun: {
    type: 7,
    name: { en: 'KSyun KS3', zh: '金山云 KS3' },
    client: `// KS3 has no browser client that takes temporary keys:
// in a page use the plain form. This is its client for Node.
import KS3 from 'ks3';  // 0.5.2

const endpoint = new URL(${byName});
const client = new KS3(a.accessKeyId, a.secretAccessKey, a.bucket);
client.config({
  baseUrl: endpoint.host,
  protocol: endpoint.protocol.slice(0, -1),
});
client.object.put(
  { Key: a.relativePath, Body: bytes },
  (error) => { if (error) throw error; },
  { 'x-kss-security-token': a.securityToken },
);`,
  },
  qiniu: {
    type: 0,
    name: { en: 'Qiniu Kodo', zh: '七牛云 Kodo' },
    client: `import * as qiniu from 'qiniu-js';  // 3.4.4

const endpoint = new URL(a.endpoint);
const upload = qiniu.upload(file, a.relativePath, a.securityToken, {}, {
  uphost: [endpoint.host],
  upprotocol: endpoint.protocol.slice(0, -1),
  region: a.region,
});
upload.subscribe({
  next: (e) => { bar.value = e.total.percent / 100; },
  error: (e) => console.error(e),
  complete: (said) => console.log(said.key),
});`,
  },
};

const ask = (wish) => `const gateway = '${location.origin}';
const answer = await fetch(gateway + '/upload/sts/info', {
  method: 'POST',
  headers: {
    'Authorization': 'Bearer ' + token,
    'Content-Type': 'application/json',
  },
  body: JSON.stringify(${JSON.stringify(wish, null, 2).replace(/"(\w+)":/g, '$1:').replace(/"/g, "'").replace(/\n/g, '\n  ')}),
}).then((response) => response.json());
if (answer.code !== 0) throw new Error(answer.enMsg);
const a = answer.data;
`;

export function clientLines(cloud, wish) {
  const [imports, ...lines] = clouds[cloud].client.split('\n\n');
  return `${imports}\n\n${ask(wish)}\n${lines.join('\n\n')}\n`;
}

export const plainLines = (wish) => `${ask(wish)}
const form = new FormData();
for (const [name, value] of Object.entries(a.form.fields)) {
  form.append(name, value);
}
form.append(a.form.fileField, file);  // the file comes last

const send = new XMLHttpRequest();
send.upload.onprogress = (e) => { bar.value = e.loaded / e.total; };
send.onload = () => console.log(send.status);  // 2xx: it is stored
send.onerror = () => console.error('no answer');
send.open('POST', a.form.url);
send.send(form);
`;
