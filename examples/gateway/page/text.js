// Both languages. English that never changes stands in index.html; `t` fills {name} from its values.

const english = {
  pageTitle: 'ValetKey sandbox',
  chooseFile: 'Choose a file, or drop one here.',
  chosen: '{name} · {size}',
  progress: 'Upload progress',
  resource_image: 'Image (resource_image)',
  resource_video: 'Video (resource_video)',
  bs_project: 'Project (bs_project)',
  app_project: 'App project (app_project)',
  material_template: 'Template material (material_template)',
  directorytemp: 'Temporary (directorytemp)',
  bytes: '{count} bytes',

  idle: 'Nothing is being uploaded.',
  noFile: 'No file is chosen: choose one or drop it on the field above, then press Upload.',
  vending: 'Asking the gateway for a voucher…',
  sending: 'Uploading {name} to {cloud}…',
  comparing: 'Comparing what {cloud} holds with the file…',
  succeeded: 'Upload succeeded: {cloud} took {name}, and the store holds the same {bytes}.',
  succeededCallbackFailed: 'Upload succeeded: the store holds the same {bytes}, but its callback failed (HTTP 203).',
  failed: 'Upload failed: {reason}',
  cancelled: 'Upload cancelled. Nothing more is sent; Retry asks for a fresh voucher.',

  gatewaySilent: 'the gateway does not answer. Is it still running? Start it again and reload this page.',
  gatewayRefused: 'the gateway refused (HTTP {status}, code {code}): {reason}',
  gatewayOdd: 'the gateway answered HTTP {status} without the expected JSON.',
  tokenOld: 'the gateway does not know this page’s token (HTTP 401). It was started anew: reload the page.',
  storeSilent: 'the store’s connection broke, without an answer.',
  storeRefused: 'the store refused: {said}',
  callbackRefused: 'the store refused, perhaps because its callback was not accepted: {said}',
  tooBig: 'the file has {bytes}, the voucher allows at most {limit}.',
  unreadable: 'the browser cannot read the file. Was it moved, changed, or is it a folder?',
  notStored: 'the store said yes, but it holds no such object (HTTP {status}).',
  otherBytes: 'the store holds {count} bytes that are not those of the file ({bytes}).',
  unexpected: 'the page met an error of its own: {reason}',

  bucket: 'Bucket',
  key: 'Key',
  actions: 'Actions',
  until: 'Until',
  minutes: '{time} ({count} min left)',
  size: 'Size',
  sizeNote: 'not bounded by the keys, only by the voucher',
  denied: 'Denied',
  noSession: 'No temporary keys were issued: the voucher beside this is all there is, and it allows one key.',
  policyNote: 'One key, 1 byte to {limit}, until {time}. The signature covers this very text.',

  status: 'Status',
  etag: 'ETag',
  noEtag: 'none that a page may read',
  body: 'Body',
  emptyBody: 'empty',
  compared: 'Compared',
  same: 'the store holds the same {bytes}',
  confirmed: 'Confirm call',
  noFormCallback: 'this cloud calls back for PUT and multipart only; a form upload calls nobody',
  calledBack: 'Callback',

  misuseRunning: 'Attempt {number} of {count}…',
  misuseRefused: 'All {count} attempts were refused.',
  misuseOpen: '{count} of {all} attempts were NOT refused, or could not be judged.',
  misuseFailed: 'The attempts could not be made: {reason}',
  misuseCancelled: 'Stopped.',
  stop: 'Stop',
  refused: 'Refused',
  open: 'NOT REFUSED',
  unknown: 'NO ANSWER',
  running: 'Trying…',
  noCode: 'no error code',
  kept: 'Nothing is stored there.',
  leaked: 'An object is stored there!',

  neighbour: 'The neighbour’s key',
  neighbourDone: 'Posted a file with the field “key” set to {key}, all else as vended.',
  read: 'A read',
  readDone: 'GET {url}, unsigned: a voucher has nothing to read with.',
  bigger: 'A bigger file',
  biggerDone: 'Posted {bytes}: one more than the voucher’s largest size.',
  changed: 'A changed policy',
  changedDone: 'Wrote the key {key} into the policy and the field “key”, encoded it again and kept the signature.',
  expired: 'An expired voucher',
  expiredDone: 'Dated the voucher back to end at {time}, as the page cannot wait for its end. '
    + 'That changes the policy too: the store may name the date or the signature.',

  copied: 'Copied',
  notCopied: 'Selected: press Ctrl+C',
};

const chinese = {
  title: 'ValetKey 沙盒',
  pageTitle: 'ValetKey 沙盒',
  lead: '本机模拟的七家云存储。用一张只对一个键有效的凭证上传文件，再试着滥用它。',
  uploadTitle: '上传',
  cloud: '云',
  module: '模块',
  grant: '授权方式',
  grantSts: '临时密钥和表单凭证（sts）',
  grantForm: '仅表单凭证（form）',
  file: '文件',
  callback: '文件到达后请存储回调',
  upload: '上传',
  cancel: '取消',
  retry: '重试',
  stepVend: '网关签发凭证',
  stepSend: '存储接收文件',
  stepCompare: '逐字节比较',
  answerTitle: '网关的回答',
  answerNote: '此处已遮盖机密；页面持有其完整内容。长期密钥从不离开服务器。',
  rightsTitle: '它允许什么',
  sessionTitle: '临时密钥：解码后的会话策略',
  policyTitle: '凭证：解码后的表单策略',
  storeTitle: '存储的回答',
  misuseTitle: '滥用',
  misuseLead: '用刚签发的凭证做五次尝试，存储必须全部拒绝。',
  misuse: '滥用试试',
  codeTitle: '在你自己的页面里',
  codeLead: '以下代码随上面的选择变化。在生产环境中，令牌由你自己的服务器或登录提供。',
  clientTitle: '用厂商的客户端',
  plainTitle: '用普通表单，不需要客户端',
  copy: '复制',

  chooseFile: '选择一个文件，或把文件拖到这里。',
  chosen: '{name} · {size}',
  progress: '上传进度',
  resource_image: '图片 (resource_image)',
  resource_video: '视频 (resource_video)',
  bs_project: '项目 (bs_project)',
  app_project: '应用项目 (app_project)',
  material_template: '模板素材 (material_template)',
  directorytemp: '临时 (directorytemp)',
  bytes: '{count} 字节',

  idle: '没有正在进行的上传。',
  noFile: '还没有选择文件：请在上面选择或拖入一个文件，再按“上传”。',
  vending: '正在向网关申请凭证……',
  sending: '正在把 {name} 上传到 {cloud}……',
  comparing: '正在比较 {cloud} 中的对象与本地文件……',
  succeeded: '上传成功：{cloud} 已收下 {name}，存储中的 {bytes}与文件完全相同。',
  succeededCallbackFailed: '上传成功：存储中的 {bytes}与文件完全相同，但回调失败（HTTP 203）。',
  failed: '上传失败：{reason}',
  cancelled: '上传已取消，不再发送任何内容；“重试”会申请新的凭证。',

  gatewaySilent: '网关没有回答。它还在运行吗？请重新启动它并刷新本页。',
  gatewayRefused: '网关拒绝了请求（HTTP {status}，错误码 {code}）：{reason}',
  gatewayOdd: '网关返回 HTTP {status}，但不是预期的 JSON。',
  tokenOld: '网关不认识本页的令牌（HTTP 401）。它已重新启动：请刷新本页。',
  storeSilent: '与存储的连接中断，没有得到回答。',
  storeRefused: '存储拒绝了请求：{said}',
  callbackRefused: '存储拒绝了请求，可能是因为它的回调没有被接受：{said}',
  tooBig: '文件有 {bytes}，凭证最多允许 {limit}。',
  unreadable: '浏览器无法读取该文件。它是否被移动、修改过，或者是文件夹？',
  notStored: '存储回答成功，但其中没有该对象（HTTP {status}）。',
  otherBytes: '存储中有 {count} 字节，与文件（{bytes}）不同。',
  unexpected: '页面自身出错：{reason}',

  bucket: '存储桶',
  key: '键',
  actions: '操作',
  until: '有效期至',
  minutes: '{time}（还剩 {count} 分钟）',
  size: '大小',
  sizeNote: '临时密钥不限制大小，只有凭证限制',
  denied: '拒绝',
  noSession: '没有签发临时密钥：旁边的凭证就是全部，它只允许一个键。',
  policyNote: '只允许一个键，1 字节到 {limit}，有效期至 {time}。签名覆盖的正是这段文本。',

  status: '状态',
  etag: 'ETag',
  noEtag: '没有页面可读取的 ETag',
  body: '正文',
  emptyBody: '空',
  compared: '比较',
  same: '存储中的 {bytes}与文件完全相同',
  confirmed: '确认调用',
  calledBack: '回调',
  noFormCallback: '该云只对 PUT 和分片上传回调；表单上传不会触发回调',

  misuseRunning: '第 {number} 次尝试，共 {count} 次……',
  misuseRefused: '{count} 次尝试全部被拒绝。',
  misuseOpen: '{all} 次尝试中有 {count} 次没有被拒绝，或无法判断。',
  misuseFailed: '无法进行尝试：{reason}',
  misuseCancelled: '已停止。',
  stop: '停止',
  refused: '已拒绝',
  open: '没有被拒绝',
  unknown: '没有回答',
  running: '正在尝试……',
  noCode: '没有错误码',
  kept: '那里没有存入任何东西。',
  leaked: '那里存入了对象！',

  neighbour: '邻居的键',
  neighbourDone: '上传文件时把字段“key”改成 {key}，其余不变。',
  read: '读取',
  readDone: '不带签名地 GET {url}：凭证不能用来读取。',
  bigger: '更大的文件',
  biggerDone: '上传 {bytes}：比凭证允许的上限多一个字节。',
  changed: '被改动的策略',
  changedDone: '把策略和字段“key”中的键改为 {key}，重新编码，签名不变。',
  expired: '过期的凭证',
  expiredDone: '页面等不到真正的过期，于是把凭证的截止时间改到 {time}。'
    + '这也改动了策略：存储可能以时间或签名为由拒绝。',

  copied: '已复制',
  notCopied: '已选中：请按 Ctrl+C',
};

let language = navigator.language?.toLowerCase().startsWith('zh') ? 'zh' : 'en';
for (const element of document.querySelectorAll('[data-t]')) english[element.dataset.t] ??= element.textContent;

/** A value may itself be {en, zh} (what the gateway says) or {key, values} (another text). */
export function t(key, values = {}) {
  const text = (language === 'zh' ? chinese : english)[key] ?? english[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (_, name) => spoken(values[name]));
}

function spoken(value) {
  if (typeof value === 'number') return value.toLocaleString(language);
  if (value?.key) return t(value.key, value.values);
  return String(value?.[language] ?? value ?? '');
}

export const bytes = (count) => ({ key: 'bytes', values: { count } });

export function speak() {
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
  document.title = t('pageTitle');
  for (const element of document.querySelectorAll('[data-t]')) element.textContent = t(element.dataset.t);
}

export function switchLanguage() {
  language = language === 'zh' ? 'en' : 'zh';
  speak();
}

export const otherLanguage = () => (language === 'zh' ? { lang: 'en', name: 'English' } : { lang: 'zh', name: '中文' });
export const inLanguage = (names) => names[language] ?? names.en;
