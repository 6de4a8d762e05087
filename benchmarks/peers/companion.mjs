// Uppy Companion as its documentation sets it up, for S3 form uploads: GET /s3/params. Plain HTTP on a port of its own.
import {createServer} from "node:http";
import {createRequire} from "node:module";
import express from "express";
import session from "express-session";
import * as companion from "@uppy/companion";

const {version} = createRequire(import.meta.url)("./node_modules/@uppy/companion/package.json");
const app = express();
app.use(session({secret: "secret", resave: false, saveUninitialized: false}));
const {app: handler} = companion.app({
  secret: "secret", filePath: process.argv[2], server: {host: "127.0.0.1", protocol: "http"}, loggerFormat: "none",
  corsOrigins: true, uploadUrls: ["http://127.0.0.1/"], metrics: false,
  s3: {key: "AKIDVALETKEYFORM0001", secret: "aws/FormIdentity+Secret000000000000000001", bucket: "vk-demo",
       region: "cn-north-1", expires: 3600, getKey: ({filename}) => `test/resource/video/${filename}`},
});
app.use(handler);
const server = createServer(app);
server.keepAliveTimeout = 600e3;
server.listen(0, "127.0.0.1", () => console.log(`ready ${version} ${server.address().port}`));
