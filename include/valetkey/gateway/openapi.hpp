#pragma once
/// @file
/// The answer of `GET /openapi.json`: the HTTP contract for machines (OpenAPI 3.1, which knows `null` and a GET with a
/// body).

#include <string_view>

namespace valetkey::gateway {

inline constexpr std::string_view openapi_document = R"json({
"openapi":"3.1.0",
"info":{"title":"ValetKey upload gateway","version":"1",
 "description":"Vends least-privilege credentials for direct uploads to seven object stores. Paths match exactly. An OPTIONS request with Origin and Access-Control-Request-Method is a preflight; from a configured origin it is answered without a token.",
 "license":{"name":"Apache-2.0","identifier":"Apache-2.0"}},
"servers":[{"url":"/"}],
"tags":[{"name":"upload"},{"name":"operation"}],
"paths":{
"/upload/sts/info":{
 "get":{"tags":["upload"],"operationId":"getUploadInfo","summary":"Temporary keys and a form voucher for one upload",
  "description":"The fields come as a JSON body or as a query, never both. Clients that cannot send a body with GET use the query or POST.",
  "security":[{"bearer":[]},{"bareToken":[]}],
  "parameters":[
   {"name":"type","in":"query","schema":{"$ref":"#/components/schemas/Type"}},
   {"name":"extension","in":"query","schema":{"$ref":"#/components/schemas/Extension"}},
   {"name":"isNeedCallback","in":"query","schema":{"$ref":"#/components/schemas/Flag"}},
   {"name":"uploadModule","in":"query","schema":{"$ref":"#/components/schemas/UploadModule"}},
   {"name":"platform","in":"query","schema":{"$ref":"#/components/schemas/Platform"}},
   {"name":"projectId","in":"query","schema":{"$ref":"#/components/schemas/ProjectId"}},
   {"name":"isDir","in":"query","schema":{"$ref":"#/components/schemas/Flag"}},
   {"name":"uuid","in":"query","schema":{"$ref":"#/components/schemas/RequestUuid"}},
   {"name":"grant","in":"query","schema":{"$ref":"#/components/schemas/GrantKind"}}],
  "requestBody":{"required":false,"content":{"application/json":{"schema":{"$ref":"#/components/schemas/UploadRequest"}}}},
  "responses":{"200":{"$ref":"#/components/responses/Granted"},"400":{"$ref":"#/components/responses/BadRequest"},"401":{"$ref":"#/components/responses/NoToken"},"403":{"$ref":"#/components/responses/Forbidden"},"405":{"$ref":"#/components/responses/WrongMethod"},"408":{"$ref":"#/components/responses/TooSlow"},"413":{"$ref":"#/components/responses/BodyTooLarge"},"415":{"$ref":"#/components/responses/NotJson"},"429":{"$ref":"#/components/responses/CallerLimit"},"431":{"$ref":"#/components/responses/HeadTooLarge"},"500":{"$ref":"#/components/responses/Internal"},"502":{"$ref":"#/components/responses/StsRefused"},"503":{"$ref":"#/components/responses/StsUnavailable"},"504":{"$ref":"#/components/responses/StsTooSlow"}}},
 "post":{"tags":["upload"],"operationId":"postUploadInfo","summary":"The same, for clients that cannot send a body with GET",
  "security":[{"bearer":[]},{"bareToken":[]}],
  "requestBody":{"required":true,"content":{"application/json":{"schema":{"$ref":"#/components/schemas/UploadRequest"}}}},
  "responses":{"200":{"$ref":"#/components/responses/Granted"},"400":{"$ref":"#/components/responses/BadRequest"},"401":{"$ref":"#/components/responses/NoToken"},"403":{"$ref":"#/components/responses/Forbidden"},"405":{"$ref":"#/components/responses/WrongMethod"},"408":{"$ref":"#/components/responses/TooSlow"},"413":{"$ref":"#/components/responses/BodyTooLarge"},"415":{"$ref":"#/components/responses/NotJson"},"429":{"$ref":"#/components/responses/CallerLimit"},"431":{"$ref":"#/components/responses/HeadTooLarge"},"500":{"$ref":"#/components/responses/Internal"},"502":{"$ref":"#/components/responses/StsRefused"},"503":{"$ref":"#/components/responses/StsUnavailable"},"504":{"$ref":"#/components/responses/StsTooSlow"}}}},
"/upload/callback":{
 "post":{"tags":["upload"],"operationId":"uploadCallback","summary":"A store reports a finished upload, or a client confirms it",
  "description":"Believed only with the ticket that travels in it and, where the cloud signs its callbacks, a valid signature.","security":[],
  "requestBody":{"required":true,"content":{"application/x-www-form-urlencoded":{"schema":{"type":"object"}},"application/json":{"schema":{"type":"object"}}}},
  "responses":{"200":{"$ref":"#/components/responses/Fine"},"400":{"$ref":"#/components/responses/BadRequest"},"403":{"$ref":"#/components/responses/Forbidden"},"405":{"$ref":"#/components/responses/WrongMethod"},"408":{"$ref":"#/components/responses/TooSlow"},"413":{"$ref":"#/components/responses/BodyTooLarge"},"415":{"$ref":"#/components/responses/NotJson"},"431":{"$ref":"#/components/responses/HeadTooLarge"},"500":{"$ref":"#/components/responses/Internal"}}}},
"/healthz":{
 "get":{"tags":["operation"],"operationId":"healthz","summary":"Whether the process lives","security":[],
  "responses":{"200":{"$ref":"#/components/responses/Fine"},"405":{"$ref":"#/components/responses/WrongMethod"}}}},
"/readyz":{
 "get":{"tags":["operation"],"operationId":"readyz","summary":"Whether it can serve","security":[],
  "responses":{"200":{"$ref":"#/components/responses/Fine"},"405":{"$ref":"#/components/responses/WrongMethod"},"503":{"$ref":"#/components/responses/NotReady"}}}},
"/openapi.json":{
 "get":{"tags":["operation"],"operationId":"openapi","summary":"This document","security":[],
  "responses":{"200":{"description":"OpenAPI 3.1","headers":{"X-Request-Id":{"$ref":"#/components/headers/XRequestId"}},"content":{"application/json":{"schema":{"type":"object"}}}},"405":{"$ref":"#/components/responses/WrongMethod"}}}},
"/metrics":{
 "servers":[{"url":"http://127.0.0.1:9443","description":"the admin listener only"}],
 "get":{"tags":["operation"],"operationId":"metrics","summary":"Counters for Prometheus, on the admin listener only","security":[],
  "responses":{"200":{"description":"Prometheus text format","content":{"text/plain":{"schema":{"type":"string"}}}}}}}},
"components":{
"securitySchemes":{
 "bearer":{"type":"http","scheme":"bearer","description":"Authorization: Bearer TOKEN"},
 "bareToken":{"type":"apiKey","in":"header","name":"Authorization","description":"Authorization: TOKEN, as the original interface has it"}},
"headers":{
 "XRequestId":{"description":"Names this request in the server's log; never repeats.","schema":{"type":"string"}},
 "RetryAfter":{"description":"Seconds.","schema":{"type":"integer","minimum":1}},
 "Allow":{"description":"The methods of this path.","schema":{"type":"string"}},
 "WwwAuthenticate":{"schema":{"type":"string"}},
 "NoStore":{"schema":{"const":"no-store"}}},
"responses":{
 "Granted":{"description":"Granted","headers":{"X-Request-Id":{"$ref":"#/components/headers/XRequestId"},"Cache-Control":{"$ref":"#/components/headers/NoStore"}},"content":{"application/json":{"schema":{"$ref":"#/components/schemas/GrantAnswer"}}}},
 "Fine":{"description":"Fine","headers":{"X-Request-Id":{"$ref":"#/components/headers/XRequestId"},"Cache-Control":{"$ref":"#/components/headers/NoStore"}},"content":{"application/json":{"schema":{"type":"object"}}}},
 "BadRequest":{"description":"The request is not valid, the cloud is not enabled, or the key does not fit the cloud's policy limit","headers":{"X-Request-Id":{"$ref":"#/components/headers/XRequestId"}},"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Failure"}}}},
 "NoToken":{"description":"No token, or a bad one","headers":{"X-Request-Id":{"$ref":"#/components/headers/XRequestId"},"WWW-Authenticate":{"$ref":"#/components/headers/WwwAuthenticate"}},"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Failure"}}}},
 "Forbidden":{"description":"This caller may not use this module or project, or the callback is not believed","headers":{"X-Request-Id":{"$ref":"#/components/headers/XRequestId"}},"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Failure"}}}},
 "WrongMethod":{"description":"This method is not for this path","headers":{"X-Request-Id":{"$ref":"#/components/headers/XRequestId"},"Allow":{"$ref":"#/components/headers/Allow"}},"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Failure"}}}},
 "TooSlow":{"description":"The request did not arrive in time","headers":{"X-Request-Id":{"$ref":"#/components/headers/XRequestId"}},"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Failure"}}}},
 "BodyTooLarge":{"description":"The body is larger than 8 KiB","headers":{"X-Request-Id":{"$ref":"#/components/headers/XRequestId"}},"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Failure"}}}},
 "NotJson":{"description":"The body's Content-Type is not the one of this route","headers":{"X-Request-Id":{"$ref":"#/components/headers/XRequestId"}},"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Failure"}}}},
 "CallerLimit":{"description":"Too many requests of this caller","headers":{"X-Request-Id":{"$ref":"#/components/headers/XRequestId"},"Retry-After":{"$ref":"#/components/headers/RetryAfter"}},"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Failure"}}}},
 "HeadTooLarge":{"description":"The headers are larger than 16 KiB","headers":{"X-Request-Id":{"$ref":"#/components/headers/XRequestId"}},"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Failure"}}}},
 "Internal":{"description":"Something failed here","headers":{"X-Request-Id":{"$ref":"#/components/headers/XRequestId"}},"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Failure"}}}},
 "StsRefused":{"description":"The cloud's STS refused this server or answered nonsense","headers":{"X-Request-Id":{"$ref":"#/components/headers/XRequestId"}},"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Failure"}}}},
 "StsUnavailable":{"description":"The cloud's STS throttles, is down, or its circuit is open","headers":{"X-Request-Id":{"$ref":"#/components/headers/XRequestId"},"Retry-After":{"$ref":"#/components/headers/RetryAfter"}},"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Failure"}}}},
 "StsTooSlow":{"description":"The cloud's STS did not answer in time","headers":{"X-Request-Id":{"$ref":"#/components/headers/XRequestId"}},"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Failure"}}}},
 "NotReady":{"description":"Not ready","headers":{"X-Request-Id":{"$ref":"#/components/headers/XRequestId"},"Retry-After":{"$ref":"#/components/headers/RetryAfter"}},"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Failure"}}}}},
"schemas":{
 "Type":{"type":"integer","enum":[0,1,2,3,4,6,7],"description":"0 Qiniu, 1 Tencent COS, 2 AWS S3, 3 Aliyun OSS, 4 Baidu BOS, 6 Huawei OBS, 7 KSyun KS3"},
 "Extension":{"type":"string","pattern":"^[A-Za-z0-9]{1,16}$","description":"The file's extension without the dot; used in lower case"},
 "Flag":{"type":"integer","enum":[0,1]},
 "UploadModule":{"type":"string","enum":["bs_project","app_project","resource_video","resource_image","material_template","directorytemp","temp"],"description":"temp is directorytemp"},
 "Platform":{"enum":["app","web","",null],"default":"app"},
 "ProjectId":{"type":["integer","null"],"format":"int64","minimum":0,"maximum":9223372036854775807,"description":"Mandatory for bs_project; 0 counts as absent"},
 "RequestUuid":{"type":["string","null"],"description":"For material_template: a UUID (RFC 9562) or its 32 hex digits. Ignored for other modules"},
 "GrantKind":{"enum":["sts","form","",null],"default":"sts","description":"form: the voucher alone, made without asking the cloud"},
 "UploadRequest":{"type":"object","additionalProperties":false,"required":["type","extension","isNeedCallback","uploadModule"],"properties":{
  "type":{"$ref":"#/components/schemas/Type"},
  "extension":{"$ref":"#/components/schemas/Extension"},
  "isNeedCallback":{"$ref":"#/components/schemas/Flag","description":"1: the store calls the configured address when the object has arrived"},
  "uploadModule":{"$ref":"#/components/schemas/UploadModule"},
  "platform":{"$ref":"#/components/schemas/Platform"},
  "projectId":{"$ref":"#/components/schemas/ProjectId"},
  "isDir":{"enum":[0,1,null],"default":0,"description":"1: relativePath is a prefix that ends in / and the grant covers it"},
  "uuid":{"$ref":"#/components/schemas/RequestUuid"},
  "grant":{"$ref":"#/components/schemas/GrantKind"}}},
 "GrantAnswer":{"type":"object","required":["code","message","data"],"properties":{
  "code":{"const":0},"message":{"const":""},"data":{"$ref":"#/components/schemas/Grant"}}},
 "Grant":{"type":"object","required":["accessKeyId","secretAccessKey","securityToken","bucket","endpoint","relativePath","expiration","region","objectId","signature","policy","type","isDir","startTime","expiredTime","serverTime","bucketEndpoint","maxSize","form"],"properties":{
  "accessKeyId":{"type":"string"},
  "secretAccessKey":{"type":"string","description":"Of the temporary keys; empty where there are none"},
  "securityToken":{"type":"string","description":"Qiniu: the whole upload token"},
  "bucket":{"type":"string"},
  "endpoint":{"type":"string","format":"uri","description":"Scheme and host of the service, without the bucket"},
  "relativePath":{"type":"string","description":"The one key, or with isDir 1 the prefix, that the grant covers"},
  "expiration":{"type":"string","format":"date-time"},
  "region":{"type":"string"},
  "objectId":{"type":"integer","format":"int64","minimum":1,"maximum":9007199254740991},
  "callbackInfo":{"$ref":"#/components/schemas/CallbackInfo"},
  "signature":{"type":"string"},
  "policy":{"type":"string"},
  "type":{"$ref":"#/components/schemas/Type"},
  "isDir":{"$ref":"#/components/schemas/Flag"},
  "startTime":{"type":"integer","format":"int64","description":"Unix seconds"},
  "expiredTime":{"type":"integer","format":"int64","description":"Unix seconds"},
  "serverTime":{"type":"integer","format":"int64","description":"Unix seconds"},
  "bucketEndpoint":{"type":"string","format":"uri"},
  "maxSize":{"type":"integer","format":"int64","description":"Bytes"},
  "form":{"$ref":"#/components/schemas/Form"},
  "ticket":{"type":"string","description":"Proves a callback or a confirmation"}}},
 "CallbackInfo":{"type":"object","description":"Only when isNeedCallback is 1","required":["callbackBodyType","callbackUrl","customInfo","callbackBody"],"properties":{
  "callbackBodyType":{"const":"application/x-www-form-urlencoded"},
  "callbackUrl":{"type":"string","format":"uri"},
  "customInfo":{"type":"object","required":["objectId","resourceType"],"properties":{"objectId":{"type":"integer","format":"int64"},"resourceType":{"type":"integer","enum":[1,2,3,4,5,6]}}},
  "callbackBody":{"type":"string"},
  "headers":{"type":"object","additionalProperties":{"type":"string"},"description":"The request headers that ask the store for the callback"}}},
 "Form":{"type":"object","required":["url","fields","fileField"],"properties":{
  "url":{"type":"string","format":"uri"},
  "fields":{"type":"object","additionalProperties":{"type":"string"},"description":"Post these, then the file"},
  "fileField":{"const":"file"}}},
 "Failure":{"type":"object","required":["code","enMsg","msg","data"],"properties":{
  "code":{"type":"integer","not":{"const":0},"description":"Stable"},
  "enMsg":{"type":"string","description":"What to do about it, in English"},
  "msg":{"type":"string","description":"The same in Chinese"},
  "data":{"type":"null"}}}}}
})json";

}  // namespace valetkey::gateway
