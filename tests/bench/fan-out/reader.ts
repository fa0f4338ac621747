// Many waiting readers in one process: raw sockets, so that the reading costs little beside the writing.
import { connect, type Socket } from 'node:net';

const [kind, port, count] = [process.argv[2]!, Number(process.argv[3]), Number(process.argv[4])];
const answers = { left: 0 };
let offset = '1_0';
let handle = '';

if (kind === 'loam') {
	const start = await fetch(`http://127.0.0.1:${port}/v1/shape?${query('now', '')}`, {
		headers: { authorization: 'Bearer p' }
	});
	offset = start.headers.get('electric-offset')!;
	handle = start.headers.get('electric-handle')!;
}
for (let n = 0; n < count; n++) await open();
setTimeout(() => process.send!({ kind: 'ready' }), 500);
answers.left = count;

function query(from: string, of: string): string {
	const live = from === 'now' ? '' : `&live=true&handle=${of}&cursor=1`;
	return `project=home/main&table=tickets.items&offset=${from}${live}`;
}

function open(): Promise<void> {
	return new Promise((resolve) => {
		const socket = connect(port, '127.0.0.1', () => {
			ask(socket, offset);
			resolve();
		});
		let text = '';
		socket.on('data', (data) => {
			text += data.toString('latin1');
			const next = complete(text);
			if (next === undefined) return;
			text = '';
			ask(socket, next);
			if (--answers.left > 0) return;
			answers.left = count;
			process.send!({ kind: 'done' });
		});
	});
}

function ask(socket: Socket, from: string): void {
	socket.write(
		`GET /v1/shape?${query(from, handle)} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer p\r\n\r\n`
	);
}

/** The offset of a whole answer. */
function complete(text: string): string | undefined {
	const end = text.indexOf('\r\n\r\n');
	if (end < 0) return undefined;
	const length = Number(/content-length: (\d+)/i.exec(text)![1]);
	if (text.length < end + 4 + length) return undefined;
	return /electric-offset: (\S+)/i.exec(text)![1]!;
}
