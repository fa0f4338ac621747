// The entry point of a node: starts the house, serves, and stops everything in order on a signal.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { AppError, createLogger, type Logger } from '#kernel';
import { readConfig, type Config } from '#platform/config';
import { foldRepeats, jsonLines } from '#platform/telemetry';
import { startHouse, type RunningHouse } from './house.ts';
import { refuseUnreadable } from './refuse-unreadable.ts';
import { takeBuild, type OwnBuild } from './own-build.ts';
import { chain, healthMount, type Mount, type Passing } from './mounts.ts';
import { doors, healthOf, publishServices, welcome } from './services.ts';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
/** What is in flight at a stop has this long to end. */
const drainMs = 5_000;

async function main(): Promise<void> {
	const config = readConfig(process.env, process.cwd());
	const log = createLogger(foldRepeats(jsonLines(config.logLevel)), 'boot');
	let passing: Passing | undefined = { status: 'starting' };
	let handle = chain([healthMount(() => passing ?? { status: 'starting' })]);
	const server = createServer((request, response) => handle(request, response));
	refuseUnreadable(server);
	const sockets = trackSockets(server);
	await listen(server, config);
	const build = takeBuild(root);
	const house = await startHouse(log);
	const stopOnce = once(async (signal: string) => {
		passing = { status: 'stopping' };
		log.info('stopping', { signal });
		await stop(server, sockets, house);
		build.remove();
		log.info('stopped');
		process.exit(0);
	});
	for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
		process.on(signal, () => void stopOnce(signal));
	publishServices(house);
	const { requests, upgrades } = doors(house);
	const health = healthOf(house);
	handle = chain([healthMount(() => passing ?? health()), ...requests, await screens(config, build)]);
	server.on('upgrade', (request, socket, head) => {
		if (!upgrades.some((mount) => mount(request, socket, head))) socket.destroy();
	});
	passing = undefined;
	announce(config, await welcome(house));
}

/** SvelteKit's handler, from the build. It learns scheme and host from the request unless ORIGIN says them. */
async function screens(config: Config, { folder }: OwnBuild): Promise<Mount> {
	if (!process.env['ORIGIN']) process.env['PROTOCOL_HEADER'] = 'x-loam-scheme';
	const { handler } = (await import(pathToFileURL(join(folder, 'handler.js')).href)) as {
		handler: (req: IncomingMessage, res: ServerResponse) => void;
	};
	const scheme = new URL(config.origin).protocol.slice(0, -1);
	return (request, response) => {
		request.headers['x-loam-scheme'] = scheme;
		handler(request, response);
		return true;
	};
}

function listen(server: ReturnType<typeof createServer>, { host, port }: Config): Promise<void> {
	return new Promise((resolve, reject) => {
		server.once('error', (cause: NodeJS.ErrnoException) => {
			const taken = cause.code === 'EADDRINUSE';
			const message = taken
				? `Port ${port} is in use. Stop what listens there, or start with PORT set to another.`
				: `Loam can't listen on ${host}:${port}: ${cause.message}`;
			reject(new AppError({ code: 'unavailable', reason: 'LISTEN_FAILED', message, cause }));
		});
		server.listen(port, host, resolve);
	});
}

function trackSockets(server: ReturnType<typeof createServer>): Set<Socket> {
	const sockets = new Set<Socket>();
	server.on('connection', (socket) => {
		sockets.add(socket);
		socket.once('close', () => sockets.delete(socket));
	});
	return sockets;
}

/** No new requests; those in flight end or are cut after `drainMs`; then the rooms, last started first. */
async function stop(
	server: ReturnType<typeof createServer>,
	sockets: Set<Socket>,
	house: RunningHouse
): Promise<void> {
	const closed = new Promise<void>((resolve) => server.close(() => resolve()));
	server.closeIdleConnections();
	const cut = setTimeout(() => sockets.forEach((socket) => socket.destroy()), drainMs);
	// Live streams never end by themselves: what is upgraded or waiting is cut by its own room's stop.
	await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 500))]);
	await house.stop();
	sockets.forEach((socket) => socket.destroy());
	await closed;
	clearTimeout(cut);
}

function once<Arguments extends unknown[]>(
	work: (...args: Arguments) => Promise<void>
): (...args: Arguments) => Promise<void> {
	let begun: Promise<void> | undefined;
	return (...args) => (begun ??= work(...args));
}

function announce({ origin }: Config, link: string | undefined): void {
	const lines = ['', `  Loam is ready at ${origin}`];
	if (link)
		lines.push('', '  Create the first administrator with this link (it works once):', `  ${origin}${link}`);
	process.stdout.write(`${lines.join('\n')}\n\n`);
}

/** An expected failure is told in one line, a bug with its stack. */
function reportAndExit(error: unknown, log: Logger): never {
	if (error instanceof AppError) process.stderr.write(`loam: ${error.message}\n`);
	else log.error('start failed', { error });
	process.exit(1);
}

process.on('unhandledRejection', (error) => {
	createLogger(jsonLines('error'), 'boot').error('unhandled rejection', { error });
});
main().catch((error: unknown) => reportAndExit(error, createLogger(jsonLines('error'), 'boot')));
