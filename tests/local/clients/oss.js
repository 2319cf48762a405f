// ali-oss: puts, gets, lists, looks at and deletes an object; prints what came of it.
const OSS = require('ali-oss');

const { id, secret, endpoint, v4 } = JSON.parse(process.argv[2]);
const client = new OSS({
  accessKeyId: id, accessKeySecret: secret, endpoint, bucket: 'shop-spool', region: 'oss-cn-hangzhou', authorizationV4: v4,
});
const key = 'a b/ü.txt';

(async () => {
  await client.put(key, Buffer.from('hello'), { meta: { note: 'kept' } });
  const got = await client.get(key);
  const listed = await client.listV2({ prefix: 'a', 'max-keys': 1 });
  const head = await client.head(key);
  await client.delete(key);
  const left = await client.listV2({});
  console.log(JSON.stringify({
    body: got.content.toString(), names: listed.objects.map((one) => one.name), note: head.meta.note, left: left.keyCount,
  }));
})().catch((error) => { console.error(error.status, error.code, error.message); process.exit(1); });
