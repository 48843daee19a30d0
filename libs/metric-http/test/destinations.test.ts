import { describe, expect, test } from 'vitest';
import { createDestinations } from '../src/index.ts';

/** As a URL would have it. */
const hostOf = (url: string): string => new URL(url).hostname;

describe('what answers with the credentials of a machine is denied, however it is written', () => {
  const destinations = createDestinations();
  test.each([
    'http://169.254.169.254/',
    'http://169.254.0.1/',
    'http://169.254.169.254./',
    'http://2852039166/',
    'http://0xa9fea9fe/',
    'http://0xA9.0xFE.0xA9.0xFE/',
    'http://0251.0376.0251.0376/',
    'http://169.254.43518/',
    'http://169.16689662/',
    'http://%31%36%39.254.169.254/',
    'http://１６９。254.169.254/',
    'http://[::ffff:169.254.169.254]/',
    'http://[::ffff:a9fe:a9fe]/',
    'http://[0:0:0:0:0:FFFF:A9FE:A9FE]/',
    'http://[::169.254.169.254]/',
    'http://[::ffff:0:169.254.169.254]/',
    'http://[64:ff9b::169.254.169.254]/',
    'http://[64:ff9b:1::a9fe:a9fe]/',
    'http://[2002:a9fe:a9fe::1]/',
    'http://[2001:0:a9fe:a9fe::]/',
    // Teredo writes the address of the client inverted.
    'http://[2001:0:1:2:3:4:5601:5601]/',
    'http://[2001:db8::5efe:a9fe:a9fe]/',
    'http://[fe80::1]/',
    'http://[febf:ffff::1]/',
    'http://[fd00:ec2::254]/',
    'http://[fd00:0ec2:0:0:0:0:0:0254]/',
    'http://[fd20:ce::254]/',
    'http://100.100.100.200/',
    'http://168.63.129.16/',
    'http://192.0.0.192/',
    'http://metadata.google.internal/',
    'http://METADATA.google.internal./',
  ])('%s', (url) => expect(destinations.refusalOfHost(hostOf(url))).toMatch('denied destination'));

  test.each(['fe80::1%eth0', '::ffff:169.254.169.254', '169.254.169.254'])('an answer of DNS: %s', (address) =>
    expect(destinations.refusalOfAddress(address, 'innocent.example.com')).toMatch(`innocent.example.com is`),
  );

  test.each(['http://127.0.0.1/', 'http://10.0.0.1/', 'http://[::1]/', 'http://[2001:db8::1]/', 'http://prometheus/'])(
    'others are asked: %s',
    (url) => expect(destinations.refusalOfHost(hostOf(url))).toBeUndefined(),
  );
});

test('networks, addresses and names can be denied beside', () => {
  const { refusalOfHost } = createDestinations({ deny: ['10.0.0.0/8', 'fd00::/8', '*.corp', 'vault.example.com'] });
  for (const denied of ['10.1.2.3', '[::ffff:10.1.2.3]', '[fd12::1]', 'db.corp', 'DB.Corp.', 'vault.example.com'])
    expect(refusalOfHost(denied), denied).toBeDefined();
  for (const allowed of ['11.0.0.1', 'corp', 'example.com', 'notvault.example.com'])
    expect(refusalOfHost(allowed), allowed).toBeUndefined();
});

test('who denies this machine means its other names as well', () => {
  const { refusalOfHost } = createDestinations({ deny: ['127.0.0.0/8', '::1'] });
  for (const here of ['127.0.0.1', '127.9.9.9', '0.0.0.0', '[::]', '[::1]', '[::ffff:127.0.0.1]', '[::ffff:0:0]'])
    expect(refusalOfHost(here), here).toBeDefined();
});

test('exceptions win, by address and by name', () => {
  const destinations = createDestinations({ deny: ['0.0.0.0/0', '::/0'], allow: ['10.0.0.0/8', 'metrics.corp'] });
  expect(destinations.refusalOfHost('10.1.1.1')).toBeUndefined();
  expect(destinations.refusalOfHost('192.168.0.1')).toBeDefined();
  expect(destinations.refusalOfAddress('192.168.0.1', 'metrics.corp')).toBeUndefined();
  expect(destinations.refusalOfAddress('192.168.0.1', 'other.corp')).toBeDefined();
  expect(createDestinations({ allow: ['169.254.169.254'] }).refusalOfHost('169.254.169.254')).toBeUndefined();
});

test.each(['10.0.0.0/33', '10.0.0.0/x', 'a b', 'http://x', '10.0.0', '1.2.3.4/8/9', ''])(
  'a rule that means nothing is refused: %s',
  (rule) => expect(() => createDestinations({ deny: [rule] })).toThrow(`"${rule}"`),
);
