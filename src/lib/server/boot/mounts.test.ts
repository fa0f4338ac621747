import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ConditionName, HealthState } from '#core/health';
import { chain, healthMount, type Passing } from './mounts.ts';

let state: HealthState | Passing;
const server = createServer(chain([healthMount(() => state)]));
let url: string;
beforeAll(async () => {
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => void server.close());

async function ask(path: string) {
	const answer = await fetch(url + path);
	return { code: answer.status, status: ((await answer.json()) as { status: string }).status };
}

const having = (status: HealthState['status'], ...names: ConditionName[]): HealthState => ({
	status,
	problems: names.map((name) => ({ name, message: 'It is so.', since: new Date(0) }))
});

test.each<[HealthState | Passing, shapes: [number, string], probe: [number, string]]>([
	[{ status: 'starting' }, [202, 'starting'], [503, 'starting']],
	[having('ready'), [200, 'active'], [200, 'ready']],
	[having('degraded', 'disk', 'lag', 'vacuum'), [200, 'active'], [200, 'degraded']],
	[having('degraded', 'disk', 'lease'), [202, 'waiting'], [200, 'degraded']],
	[having('degraded', 'maintenance'), [202, 'waiting'], [200, 'degraded']],
	[having('unavailable', 'database'), [202, 'waiting'], [503, 'unavailable']],
	[{ status: 'stopping' }, [202, 'waiting'], [503, 'stopping']]
])('%o', async (now, shapes, probe) => {
	state = now;
	expect(await ask('/v1/health')).toEqual({ code: shapes[0], status: shapes[1] });
	expect(await ask('/v1/health?secret=1')).toEqual({ code: shapes[0], status: shapes[1] });
	expect(await ask('/healthz')).toEqual({ code: probe[0], status: probe[1] });
});
