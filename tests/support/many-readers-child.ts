// Many readers of shapes in a process of their own, on raw sockets, so that reading costs little beside the server.
import { connect, type Socket } from 'node:net';
import { number, type FromReaders, type ReaderKind, type ToReaders } from './many-readers.ts';

const url = new URL(process.argv[2]!);
const token = process.argv[3]!;
/** What a marker may be cut into by the network. */
const overlap = 300;
const atOnce = 16;

interface Place {
	offset: string;
	readonly handle: string;
	/** Of the shape, and of the kind of reading. */
	readonly search: Readonly<Record<string, string>>;
}

let marker = '';
/** When each reader that saw the marker did so, in ms since it was told. */
let seen: number[] = [];
let toldAt = 0;
let ended = 0;

function say(message: FromReaders): void {
	process.send!(message);
}

process.on('message', (message: ToReaders) => {
	switch (message.kind) {
		case 'open':
			return void openAll(message).then(() => say({ kind: 'opened' }));
		case 'watch':
			[marker, seen, toldAt] = [message.marker, [], Date.now()];
			return say({ kind: 'watching' });
		case 'count':
			return say({ kind: 'count', seen, ended });
	}
});

async function openAll({ readers, count, search }: Extract<ToReaders, { kind: 'open' }>): Promise<void> {
	const isOwn = Object.values(search).some((value) => value.includes(number));
	// Readers of one shape begin at one place.
	const shared = isOwn ? undefined : await begin(search, readers);
	let next = 0;
	const openOneByOne = async () => {
		for (let n = next++; n < count; n = next++) {
			await open(shared ? { ...shared } : await begin(numbered(search, n), readers), readers);
		}
	};
	await Promise.all(Array.from({ length: atOnce }, openOneByOne));
}

function numbered(search: Readonly<Record<string, string>>, n: number): Record<string, string> {
	return Object.fromEntries(
		Object.entries(search).map(([name, value]) => [name, value.replaceAll(number, String(n))])
	);
}

async function begin(search: Readonly<Record<string, string>>, readers: ReaderKind): Promise<Place> {
	const query = new URLSearchParams({ ...search, offset: 'now' });
	const answer = await fetch(`${url.origin}/v1/shape?${query.toString()}`, {
		headers: { authorization: `Bearer ${token}` }
	});
	if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
	await answer.arrayBuffer();
	const { headers } = answer;
	const sse: Readonly<Record<string, string>> = readers === 'long-poll' ? {} : { live_sse: 'true' };
	return {
		offset: headers.get('electric-offset')!,
		handle: headers.get('electric-handle')!,
		search: { ...search, ...sse }
	};
}

function open(place: Place, readers: ReaderKind): Promise<void> {
	return new Promise((resolve) => {
		const socket = connect(Number(url.port), '127.0.0.1', () => {
			ask(socket, place);
			if (readers === 'stalled') socket.pause();
			resolve();
		});
		const follow = readers === 'long-poll' ? longPoll(socket, place) : events(socket, place);
		let isNew = '';
		let tail = '';
		socket.on('data', (data) => {
			const text = data.toString('latin1');
			tail = (tail + text).slice(-overlap - text.length);
			if (marker !== '' && isNew !== marker && tail.includes(marker)) {
				isNew = marker;
				seen.push(Date.now() - toldAt);
			}
			follow(text);
		});
		socket.on('error', () => {});
		if (readers !== 'stalled') socket.on('close', () => ended++);
	});
}

/** Asks again after every answer. */
function longPoll(socket: Socket, place: Place): (text: string) => void {
	let answer = '';
	return (text) => {
		answer += text;
		const end = answer.indexOf('\r\n\r\n');
		if (end < 0) return;
		const length = Number(/content-length: (\d+)/i.exec(answer)![1]);
		if (answer.length < end + 4 + length) return;
		const offset = /electric-offset: (\S+)/i.exec(answer)?.[1];
		if (offset === undefined) return void socket.destroy();
		place.offset = offset;
		answer = '';
		ask(socket, place);
	};
}

/** Asks again where the stream's time is over. */
function events(socket: Socket, place: Place): (text: string) => void {
	return (text) => {
		const last = [...text.matchAll(/global_last_seen_lsn":"(\d+)"/g)].at(-1)?.[1];
		if (last !== undefined) place.offset = `${last}_0`;
		if (/(^|\r\n)0\r\n\r\n$/.test(text)) ask(socket, place);
	};
}

function ask(socket: Socket, { offset, handle, search }: Place): void {
	const query = new URLSearchParams({ ...search, offset, handle, live: 'true', cursor: '1' });
	socket.write(
		`GET /v1/shape?${query.toString()} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n\r\n`
	);
}
