// A service that does nothing: announces itself as services do, and ends on SIGTERM.
const [name = 'stand-in', ...flags] = process.argv.slice(2);
if (flags.includes('--fail')) throw new Error('the port 1234 is taken');
setInterval(() => {}, 1000);
console.error(JSON.stringify({ level: 30, msg: `${name} is starting` }));
console.log(JSON.stringify({ name, pid: process.pid, addresses: { metrics: 'http://127.0.0.1:1' } }));
