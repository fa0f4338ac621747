import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { createLogger } from '#kernel';
import { parseShapeQuery } from '#engine/shape';
import { bootstrapInstance, migrate, openPools, outputSettings, readMigrations } from '#platform/postgres';
import { jsonLines } from '#platform/telemetry';
import { createStream, protocolTimers, type Stream, type StreamParts } from '#api/stream';
import { header } from '#core/identity';
import { createLive, liveLimits } from '#core/live';
import type { Place, Tenancy } from '#core/tenancy';
import { createViews } from '#core/views';
import { makePlace, testTenancy } from '#support/places';
import { Catalogue, type DerivedView } from './catalogue.ts';

/** A Loam that serves every table of one schema as it is, to anyone: what a plain Electric server does. */
export interface PlainTables {
	readonly url: string;
	/** The schema that the tables stand in. */
	readonly schema: string;
	stop(): Promise<void>;
}

/** Characters of one answer, and seconds that caches keep it: what the foreign suite is written for. */
const suiteChunk = 10_000;
const suiteAges = { fresh: 1, stale: 3 };

/** `database`: a superuser's. Tables of `module`, and `derived`, are asked for as `table=module.name`. */
export async function servePlainTables(
	database: string,
	module: string,
	derived: Readonly<Record<string, DerivedView>>
): Promise<PlainTables> {
	const instance = await bootstrapInstance(database);
	await migrate(instance, readMigrations('migrations'));
	const postgres = openPools(instance);
	const log = createLogger(jsonLines('warn'), 'conformance');
	const tenancy = await testTenancy(postgres);
	const place = await makePlace(postgres, tenancy, module);
	const views = await createViews({ postgres, log, asOwner: tenancy.asOwner });
	const directory = mkdtempSync(join(tmpdir(), 'loam-plain-tables-'));
	const limits = {
		...liveLimits,
		feed: { ...liveLimits.feed, page: suiteChunk },
		snapshot: { ...liveLimits.snapshot, chunk: suiteChunk }
	};
	const live = await createLive({ views, postgres, log, directory, limits });
	const superuser = new pg.Client({ connectionString: database, options: outputSettings });
	await superuser.connect();
	const catalogue = new Catalogue({ superuser, postgres, place, views, tenancy, derived });
	const stream = createStream({
		live,
		tenancy: onePlace(tenancy, place, catalogue),
		identity: anyone,
		log,
		origin: 'http://127.0.0.1',
		timers: { ...protocolTimers, ages: suiteAges },
		deletion: true
	});
	const served: Served = { catalogue, stream, place, count: 0 };
	const server = createServer((request, response) => {
		answer(served, request, response).catch((error: unknown) => {
			log.error('a table could not be served', { error });
			response.writeHead(500).end();
		});
	});
	return {
		url: await listen(server),
		schema: place.schema,
		async stop() {
			await stream.close();
			server.closeAllConnections();
			await new Promise((resolve) => server.close(resolve));
			await live.close();
			await views.stop();
			await superuser.end();
			await tenancy.end();
			await postgres.end();
			rmSync(directory, { recursive: true, force: true });
		}
	};
}

interface Served {
	readonly catalogue: Catalogue;
	readonly stream: Stream;
	readonly place: Place;
	/** Requests so far, which `/count` tells: what a cache lets through. */
	count: number;
}

/**
 * Who still asks for a table that was let go leaves before long, as its test is over: an error would be put down to
 * the test that runs then. A cache is answered: what it renews behind an answer keeps others waiting.
 */
const lateMs = 60_000;

async function answer(served: Served, request: IncomingMessage, response: ServerResponse): Promise<void> {
	const { catalogue, stream, place } = served;
	if (request.url === '/v1/health') return void response.end('{"status":"active"}');
	if (request.url === '/count') return void response.end(String(served.count));
	served.count++;
	request.url = inProject(request.url ?? '/', place);
	const view = viewOf(request.url);
	if (view !== undefined && request.method === 'DELETE') {
		// A test deletes a shape by its table before it drops the table.
		return void response.writeHead((await catalogue.remove(view)) ? 202 : 404).end('{}');
	}
	if (view !== undefined) await catalogue.add(view);
	const isLate = view !== undefined && catalogue.hasEnded(view);
	const isOfReader = request.headers.via === undefined || request.url.includes('expired_handle=');
	if (isLate && isOfReader) await untilClosed(response, lateMs);
	stream.handle(request, response);
}

/** Electric has no projects: requests without one are for the only one. */
function inProject(url: string, { project }: Place): string {
	const [path, query = ''] = url.split('?', 2) as [string, string?];
	const search = new URLSearchParams(query);
	if (!search.has('project')) search.set('project', project.path);
	return `${path}?${search.toString()}`;
}

/** What a request is about, whatever else is wrong with it. */
function viewOf(url: string): string | undefined {
	const asked = new URLSearchParams(url.split('?')[1]);
	const search = new URLSearchParams({ offset: '-1' });
	for (const name of ['project', 'table']) search.set(name, asked.get(name) ?? '');
	const parsed = parseShapeQuery(search);
	return parsed.ok ? parsed.query.view : undefined;
}

async function untilClosed(response: ServerResponse, ms: number): Promise<void> {
	await Promise.race([new Promise((resolve) => response.once('close', resolve)), sleep(ms)]);
}

function onePlace(tenancy: Tenancy, place: Place, catalogue: Catalogue): StreamParts['tenancy'] {
	return {
		project: (org, slug) => tenancy.project(org, slug),
		installation: async (_project, module) =>
			module === place.module ? catalogue.installation() : undefined,
		onChange: () => () => {}
	};
}

/** Whoever shows a token is a person without a role; others are anonymous. */
const anyone: StreamParts['identity'] = {
	authenticate: async (headers) => (header(headers, 'authorization') ? person : undefined),
	refresh: async () => person,
	rolesIn: () => new Set(),
	grantsVersion: () => 1n,
	grantsHeardAt: () => Date.now(),
	onGrantsChanged: () => () => {}
};

const person = {
	id: '00000000-0000-4000-8000-000000000001',
	name: 'someone',
	email: undefined,
	sysAdmin: false,
	grantsVersion: 1n
};

async function listen(server: Server): Promise<string> {
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
