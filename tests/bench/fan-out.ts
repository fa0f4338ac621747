// One change to many waiting readers, against a bare Node server that does nothing but write to them.
import { setTimeout as sleep } from 'node:timers/promises';
import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { quantile, row, type Row } from './row.ts';

const readers = 4_000;
const rounds = 10;

/** What a server under test tells. */
interface Told {
	readonly kind: 'ready' | 'done';
	readonly port?: number;
	/** Bytes, and seconds since it began. */
	readonly rss?: number;
	readonly cpu?: number;
}

/** `fan-out`: answers for a second of the server's CPU, the next request taken in; `fan-out memory`: KiB a waiting reader above the bare writer's. */
export async function run(): Promise<Row[]> {
	const bare = await measure('bare');
	const loam = await measure('loam');
	return [
		row({
			name: 'fan-out',
			value: loam.delivered,
			unit: 'answers/CPU s',
			against: 'a bare Node writer',
			reference: bare.delivered,
			goal: '>= 0.6'
		}),
		row({
			name: 'fan-out memory',
			value: loam.memory - bare.memory,
			unit: 'KiB a reader',
			against: 'the bare writer',
			reference: bare.memory,
			goal: 'value <= 12'
		})
	];
}

async function measure(kind: 'bare' | 'loam'): Promise<{ delivered: number; memory: number }> {
	const server = start(kind);
	const { port } = await server.next('ready');
	const before = (await server.ask('usage')).rss!;
	const client = fork(fileURLToPath(new URL('./fan-out/reader.ts', import.meta.url)), [
		kind,
		String(port),
		String(readers)
	]);
	const clientEnd = conversation(client);
	await clientEnd.next('ready');
	const after = (await server.ask('usage')).rss!;
	const cpu: number[] = [];
	for (let round = 0; round < rounds; round++) {
		const before = (await server.ask('usage')).cpu!;
		server.process.send('change');
		await clientEnd.next('done');
		// All have asked again by then.
		await sleep(300);
		cpu.push((await server.ask('usage')).cpu! - before);
	}
	// The first rounds warm both up.
	const delivered = readers / quantile(cpu.slice(3), 0.5);
	client.kill();
	server.process.send('stop');
	return { delivered, memory: (after - before) / 1024 / readers };
}

function start(kind: 'bare' | 'loam') {
	const path = fileURLToPath(new URL(`./fan-out/${kind}.ts`, import.meta.url));
	return conversation(fork(path, [], { execArgv: ['--expose-gc'] }));
}

function conversation(process: ChildProcess) {
	const heard: Told[] = [];
	let waiting: { kind: Told['kind']; resolve(told: Told): void } | undefined;
	process.on('message', (told: Told) => {
		if (waiting?.kind === told.kind) {
			const { resolve } = waiting;
			waiting = undefined;
			resolve(told);
		} else heard.push(told);
	});
	const next = (kind: Told['kind']) =>
		new Promise<Told>((resolve) => {
			const index = heard.findIndex((told) => told.kind === kind);
			if (index >= 0) resolve(heard.splice(index, 1)[0]!);
			else waiting = { kind, resolve };
		});
	return {
		process: process as ChildProcess & { send(message: string): void },
		next,
		ask(message: string) {
			process.send(message);
			return next('done');
		}
	};
}
