// Both SLS clients: a Logstore and an index made by one, a log written by it, all read by both.
const Log = require('@alicloud/log');
const { default: Sls, ...models } = require('@alicloud/sls20201230');
const { Config } = require('@alicloud/openapi-core').$OpenApiUtil;

const { id, secret, endpoint } = JSON.parse(process.argv[2]);
const project = 'shop-logs';
const now = Math.floor(Date.now() / 1000);
const [from, to] = [now - 60, now + 60];

(async () => {
  const old = new Log({ accessKeyId: id, accessKeySecret: secret, endpoint, use_https: false });
  await old.createLogStore(project, 'web', { ttl: 7, shardCount: 1 });
  await old.createIndex(project, 'web', { ttl: 7, line: { token: [','], caseSensitive: false } });
  await old.postLogStoreLogs(project, 'web', { logs: [{ timestamp: now, content: { a: 'b' } }], topic: 't', source: 's' });
  const parts = await old.getHistograms(project, 'web', new Date(from * 1000), new Date(to * 1000));
  const older = {
    project: (await old.getProject(project)).projectName,
    names: (await old.listLogStore(project)).logstores,
    ttl: (await old.getLogStore(project, 'web')).ttl,
    token: (await old.getIndexConfig(project, 'web')).line.token,
    logs: (await old.getLogs(project, 'web', new Date(from * 1000), new Date(to * 1000))).map((log) => log.a),
    counted: parts.reduce((sum, part) => sum + part.count, 0),
  };
  const young = new Sls(new Config({
    accessKeyId: id, accessKeySecret: secret, endpoint, protocol: 'http', regionId: 'cn-hangzhou',
  }));
  const newer = {
    names: (await young.listLogStores(project, new models.ListLogStoresRequest({}))).body.logstores,
    ttl: (await young.getLogStore(project, 'web')).body.ttl,
    token: (await young.getIndex(project, 'web')).body.line.token,
    logs: (await young.getLogs(project, 'web', new models.GetLogsRequest({ from, to }))).body.map((log) => log.a),
    logsV2: (await young.getLogsV2(project, 'web', new models.GetLogsV2Request({ from, to }))).body.data.map((log) => log.a),
  };
  console.log(JSON.stringify({ older, newer }));
})().catch((error) => { console.error(error.code, error.message); process.exit(1); });
