// The house inside Vite's development server; see vite.config.ts.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { createLogger } from '#kernel';
import { readConfig } from '#platform/config';
import { foldRepeats, jsonLines } from '#platform/telemetry';
import { startHouse } from './house.ts';
import { healthMount } from './mounts.ts';
import { doors, healthOf, publishServices, welcome } from './services.ts';

/** The part of Vite's server that is used. */
interface DevServer {
	readonly middlewares: {
		use(handler: (request: IncomingMessage, response: ServerResponse, next: () => void) => void): void;
	};
	readonly httpServer: unknown;
}

export async function openHouse(server: DevServer): Promise<void> {
	const config = readConfig(process.env, process.cwd());
	const house = await startHouse(createLogger(foldRepeats(jsonLines(config.logLevel)), 'boot'));
	publishServices(house);
	const { requests, upgrades } = doors(house);
	const mounts = [healthMount(healthOf(house)), ...requests];
	server.middlewares.use((request, response, next) => {
		if (!mounts.some((mount) => mount(request, response))) next();
	});
	const http = server.httpServer as Server | null;
	// Vite's own socket for hot reloading shares the server: what no mount takes is left to it.
	http?.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
		upgrades.some((mount) => mount(request, socket, head));
	});
	for (const signal of ['SIGINT', 'SIGTERM'] as const) {
		process.on(signal, () => void house.stop().then(() => process.exit(0)));
	}
	const link = await welcome(house);
	if (link) process.stdout.write(`  Create the first administrator: ${link}\n`);
}
