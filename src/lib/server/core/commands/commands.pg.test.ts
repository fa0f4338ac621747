import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLogger, silentLogger, uuidv7, type LogRecord } from '#kernel';
import { createIsolates, type Isolates } from '#platform/isolates';
import { openDesk, standardMethod } from '#support/desk';
import { testPostgres, type TestPostgres } from '#support/postgres';

let db: TestPostgres;
let isolates: Isolates;
let desk: Awaited<ReturnType<typeof openDesk>>;
const logged: LogRecord[] = [];

beforeAll(async () => {
	db = await testPostgres();
	isolates = createIsolates({ log: silentLogger, slots: 4 });
	desk = await openDesk(
		db,
		isolates,
		'desk',
		createLogger((record) => logged.push(record))
	);
});
afterAll(async () => {
	await desk?.end();
	await isolates?.end();
	await db?.drop();
});

const count = async (where = 'true') =>
	Number(
		(
			await db.app.query<{ n: string }>(
				`SELECT count(*) AS n FROM ${desk.place.schema}.tickets WHERE ${where}`
			)
		).rows[0]!.n
	);

const insertOne = `INSERT INTO tickets (title, status, points, tags) VALUES ($1, 'OPEN', 1, '{}')`;

describe('a handler', () => {
	test('reads and writes in one transaction and is told its id', async () => {
		const { response, txid } = await desk.handle(`
			const made = await loam.db.tickets.insert({ title: 'First', status: 'OPEN', points: 3, tags: ['a', 'b "c"'], extra: { x: [1] }, size: '9007199254740993', price: '1.50', took: '90s', file: 'aGk=' });
			const [row] = await loam.db.query('SELECT title, points, tags, extra, size, price, took, file, opened_at > now() - interval \\'1 hour\\' AS fresh FROM tickets WHERE id = $1', made.id);
			return row;`);
		expect(response).toEqual({
			title: 'First',
			points: 3,
			tags: ['a', 'b "c"'],
			extra: { x: [1] },
			size: '9007199254740993',
			price: '1.50',
			took: '90s',
			file: 'aGk=',
			fresh: true
		});
		expect(txid).toBeTypeOf('bigint');
		expect(await count(`title = 'First' AND xmin::text::bigint = ${txid! & 0xffffffffn}`)).toBe(1);
	});

	test('that writes nothing has no transaction id, and no connection if it asks for nothing', async () => {
		expect(await desk.handle('return { a: 1 }')).toEqual({ response: { a: 1 }, txid: undefined });
		expect((await desk.handle('return { n: (await loam.db.tickets.list()).length }')).txid).toBeUndefined();
	});

	test('has get, list, update and delete', async () => {
		const { response } = await desk.handle(`
			const a = await loam.db.tickets.insert({ title: 'A', status: 'OPEN', points: 1, tags: [] });
			const b = await loam.db.tickets.insert({ title: 'B', status: 'CLOSED', points: 2, tags: [] });
			const changed = await loam.db.tickets.update(a.id, { points: 5, assignee: null });
			const gone = [await loam.db.tickets.delete(b.id), await loam.db.tickets.delete(b.id)];
			return {
				points: changed.points, gone, missing: (await loam.db.tickets.get(b.id)) === undefined,
				listed: (await loam.db.tickets.list({ where: { title: 'A', assignee: null }, order: ['points desc', 'id'], limit: 5 })).map((t) => t.points),
				one: (await loam.db.one('SELECT count(*)::int AS n FROM tickets WHERE id = ANY($1)', [a.id, b.id])).n,
				people: await loam.db.people.list()
			};`);
		expect(response).toEqual({
			points: 5,
			gone: [true, false],
			missing: true,
			listed: [5],
			one: 1,
			people: []
		});
	});

	test('rolls everything back when it throws, and says nothing of its inside', async () => {
		const before = await count();
		await expect(
			desk.handle(`await loam.db.query(${JSON.stringify(insertOne)}, 'Gone'); null.x`)
		).rejects.toMatchObject({
			code: 'internal',
			reason: 'HANDLER_FAILED',
			message: expect.not.stringMatching(/null|TypeError|tickets|bundle/)
		});
		expect(await count()).toBe(before);
		expect(logged.at(-1)).toMatchObject({
			message: 'a handler threw',
			fields: { name: 'TypeError', method: 'Do' }
		});
	});

	test('runs for a person, whose id it is told, and never for an anonymous caller', async () => {
		const ann = { id: uuidv7(), name: 'Ann', email: undefined, sysAdmin: false, grantsVersion: 0n };
		const body = 'return { text: loam.principal.id, count: 0, names: [loam.principal.name] };';
		const { response } = await desk.handle(body, {}, { principal: ann });
		expect(response).toMatchObject({ text: ann.id, names: ['Ann'] });
		await expect(desk.handle(body, {}, { principal: { ...ann, id: undefined } })).rejects.toMatchObject({
			code: 'unauthenticated',
			reason: 'SIGN_IN_NEEDED'
		});
	});

	test('can fail with words of its own', async () => {
		await expect(
			desk.handle(
				`await loam.db.query(${JSON.stringify(insertOne)}, 'Gone'); loam.fail('TOO_LATE', 'It is too late.')`
			)
		).rejects.toMatchObject({
			code: 'failed_precondition',
			reason: 'TOO_LATE',
			message: 'It is too late.'
		});
		expect(await count(`title = 'Gone'`)).toBe(0);
	});

	test('cannot go on after a failed statement, even if it catches the error', async () => {
		await expect(
			desk.handle(`await loam.db.query(${JSON.stringify(insertOne)}, 'Kept?');
				try { await loam.db.tickets.insert({ title: '', status: 'OPEN', points: 1, tags: [] }) } catch (e) { loam.log.info(e.reason) }
				return { fine: true }`)
		).rejects.toMatchObject({
			reason: 'FIELD_INVALID',
			meta: { fields: ['title'] },
			message: 'Title: at most 20 characters, and not empty.'
		});
		expect(await count(`title = 'Kept?'`)).toBe(0);
		expect(logged.at(-1)).toMatchObject({ level: 'info', message: 'FIELD_INVALID' });
	});

	test.each([
		[
			'loam.db.tickets',
			`loam.db.tickets.insert({ title: 'x'.repeat(21), status: 'OPEN', points: 1, tags: [] })`
		],
		['SQL', `loam.db.query("UPDATE tickets SET title = $1", 'x'.repeat(21))`]
	])('says by the field’s label what a value of %s broke', async (_, statement) => {
		await desk.handle(`await loam.db.query(${JSON.stringify(insertOne)}, 'Labelled'); return {}`);
		await expect(desk.handle(`await ${statement}; return {}`)).rejects.toMatchObject({
			reason: 'FIELD_INVALID',
			message: 'Title: at most 20 characters, and not empty.'
		});
	});

	test('must await what it asks for', async () => {
		await expect(
			desk.handle(`loam.db.query(${JSON.stringify(insertOne)}, 'Loose'); return {}`)
		).rejects.toMatchObject({ reason: 'HANDLER_FAILED' });
		expect(await count(`title = 'Loose'`)).toBe(0);
	});

	test('answers with its message or not at all', async () => {
		const reply = {
			...standardMethod('get'),
			response: 'desk.Reply',
			run: { kind: 'handler', file: 'logic/do.ts' } as const
		};
		expect((await desk.handle(`return { text: 'a', count: 2 }`, {}, { method: reply })).response).toEqual({
			text: 'a',
			count: 2
		});
		await expect(
			desk.handle(
				`await loam.db.query(${JSON.stringify(insertOne)}, 'Wrong'); return { text: 1 }`,
				{},
				{ method: reply }
			)
		).rejects.toMatchObject({ reason: 'HANDLER_FAILED' });
		expect(await count(`title = 'Wrong'`)).toBe(0);
		expect(logged.at(-1)?.fields['problem']).toMatch(/desk\.Reply/);
	});

	test.each([
		['reads too much', `await loam.db.query('SELECT i FROM generate_series(1, 40000) i')`],
		[
			'reads too much in all',
			`for (let i = 0; i < 5; i++) await loam.db.query('SELECT i FROM generate_series(1, 8000) i')`
		],
		[
			'reads too many letters',
			`await loam.db.query('SELECT string_agg(md5(i::text), $1) FROM generate_series(1, 600000) i', '')`
		],
		[
			'writes too much',
			`await loam.db.query("INSERT INTO tickets (title, status, points, tags) SELECT 'Many', 'OPEN', i, '{}' FROM generate_series(1, 16001) i")`
		]
	])('is undone when it %s', async (_what, body) => {
		await expect(desk.handle(`${body}; return {}`)).rejects.toMatchObject({
			code: 'resource_exhausted',
			reason: 'HANDLER_LIMIT'
		});
		expect(await count(`title = 'Many'`)).toBe(0);
	});

	test('is cut after five seconds, with its locks', async () => {
		const { response } = await desk.handle(
			`return await loam.db.tickets.insert({ title: 'Locked', status: 'OPEN', points: 1, tags: [] })`
		);
		const id = (response as { id: string }).id;
		const started = Date.now();
		await expect(
			desk.handle(`await loam.db.tickets.update(request.id, { points: 2 }); await new Promise(() => {})`, {
				id
			})
		).rejects.toMatchObject({ reason: 'SANDBOX_TIMEOUT' });
		expect(Date.now() - started).toBeLessThan(6500);
		expect((await desk.standard('update', { id, points: 7 })).response).toMatchObject({ points: 7 });
	});

	test.each([
		['SELECT nope FROM tickets', 'Column "nope" does not exist'],
		['SELECT * FROM nowhere', 'There is no table "nowhere"'],
		['SELEC 1', 'syntax error'],
		['SELECT $1::int', 'has 1 parameters, but got 0']
	])('has its faults in SQL told to its author alone: %s', async (sql, told) => {
		await expect(
			desk.handle(`return { rows: await loam.db.query(${JSON.stringify(sql)}) }`)
		).rejects.toMatchObject({
			reason: 'HANDLER_FAILED',
			message: expect.not.stringContaining('nope')
		});
		expect(
			logged.some((record) => JSON.stringify(record.fields).includes(JSON.stringify(told).slice(1, -1)))
		).toBe(true);
	});
});

describe('standard methods', () => {
	const create = async (more: Record<string, string | number | string[]> = {}, call = {}) =>
		(await desk.standard('create', { title: 'T', status: 'OPEN', points: 0, tags: [], ...more }, call))
			.response as Record<string, string>;

	test('create, get, update and delete a row', async () => {
		const made = await desk.standard('create', {
			title: 'T',
			status: 'OPEN',
			points: 4,
			tags: ['x'],
			size: '12'
		});
		expect(made).toMatchObject({
			response: { title: 'T', points: 4, tags: ['x'], size: '12' },
			txid: expect.any(BigInt)
		});
		expect(made.response).not.toHaveProperty('assignee');
		const { id } = made.response as { id: string };
		expect(await desk.standard('get', { id })).toEqual({ response: made.response, txid: undefined });
		expect((await desk.standard('update', { id, points: 9, tags: [] })).response).toMatchObject({
			points: 9,
			tags: ['x'],
			title: 'T'
		});
		expect(
			(await desk.standard('update', { id, tags: [], update_mask: 'tags,size' })).response
		).not.toHaveProperty('size');
		expect(await desk.standard('delete', { id })).toMatchObject({ response: {}, txid: expect.any(BigInt) });
		await expect(desk.standard('get', { id })).rejects.toMatchObject({
			code: 'not_found',
			reason: 'ROW_UNKNOWN'
		});
		await expect(desk.standard('delete', { id })).rejects.toMatchObject({ reason: 'ROW_UNKNOWN' });
	});

	test('list page by page', async () => {
		const assignee = uuidv7();
		for (let i = 0; i < 5; i++) await create({ title: `L${i}`, assignee });
		const seen: string[] = [];
		let page_token = '';
		do {
			const { response } = await desk.standard(
				'list',
				{ page_size: 2, page_token },
				{ rowFilter: `assignee = '${assignee}'` }
			);
			const page = response as { items: { title: string }[]; next_page_token: string };
			seen.push(...page.items.map((item) => item.title));
			page_token = page.next_page_token;
		} while (page_token !== '');
		expect(seen).toEqual(['L0', 'L1', 'L2', 'L3', 'L4']);
		await expect(desk.standard('list', { page_token: 'bad' })).rejects.toMatchObject({
			reason: 'PAGE_TOKEN_INVALID'
		});
	});

	test('see and touch only rows that the filter lets through', async () => {
		const rowFilter = 'assignee = principal()';
		const other = await create({ assignee: uuidv7() });
		const ann = uuidv7();
		const principal = { id: ann, name: 'Ann', email: undefined, sysAdmin: false, grantsVersion: 0n };
		const mine = await create({ assignee: ann }, { rowFilter, principal });
		for (const operation of ['get', 'update', 'delete'] as const) {
			await expect(
				desk.standard(operation, { id: other['id']!, points: 1 }, { rowFilter, principal })
			).rejects.toMatchObject({ reason: 'ROW_UNKNOWN' });
		}
		await expect(create({ assignee: uuidv7() }, { rowFilter, principal })).rejects.toMatchObject({
			code: 'permission_denied',
			reason: 'ROW_DENIED'
		});
		await expect(
			desk.standard('update', { id: mine['id']!, assignee: uuidv7() }, { rowFilter, principal })
		).rejects.toMatchObject({ reason: 'ROW_DENIED' });
		expect((await desk.standard('get', { id: mine['id']! })).response).toMatchObject({ assignee: ann });
		expect((await desk.standard('list', { page_size: 10 }, { rowFilter, principal })).response).toMatchObject(
			{ items: [{ assignee: ann }] }
		);
	});

	test.each([
		[{ title: '' }, 'FIELD_INVALID', ['title'], 'Title: at most 20 characters, and not empty.'],
		[{ title: 'x'.repeat(21) }, 'FIELD_INVALID', ['title'], 'Title: at most 20 characters, and not empty.'],
		[{ status: 'LOST' }, 'FIELD_INVALID', ['status'], 'Status: one of OPEN, CLOSED.'],
		[
			{ project_id: '0192f0c4-0000-7000-8000-000000000000' },
			'ROW_REFERENCE',
			['project_id'],
			'Project id: there is no such Project, or not any more.'
		],
		[
			{ project_id: 'x' },
			'FIELD_INVALID',
			undefined,
			'A value cannot be used: invalid input syntax for type uuid: "x".'
		],
		[
			{ points: 3000000000 },
			'FIELD_INVALID',
			undefined,
			'A value cannot be used: value "3000000000" is out of range for type integer.'
		]
	])('say which field is wrong: %o', async (more, reason, fields, message) => {
		await expect(create(more)).rejects.toMatchObject({
			reason,
			message,
			...(fields ? { meta: { fields } } : {})
		});
	});

	test('say what is there already, and what is still used', async () => {
		const project = (name: string) =>
			desk.standard('create', { name }, { method: standardMethod('create', 'projects') });
		const { response } = await project('One');
		await expect(project('One')).rejects.toMatchObject({
			code: 'already_exists',
			message: 'There is a Project with this Name already.',
			meta: { fields: ['name'] }
		});
		const { id } = response as { id: string };
		await create({ project_id: id });
		await expect(
			desk.standard('delete', { id }, { method: standardMethod('delete', 'projects') })
		).rejects.toMatchObject({
			reason: 'ROW_IN_USE',
			message: 'It is still used by tickets. Remove that first.'
		});
	});

	test('are cut after five seconds, and not done later', async () => {
		const row = await create({ title: 'Held' });
		const holder = await db.connect(db.superuserUrl);
		await holder.query(`BEGIN; SELECT 1 FROM ${desk.place.schema}.tickets WHERE title = 'Held' FOR UPDATE`);
		const started = Date.now();
		await expect(desk.standard('update', { id: row['id']!, points: 99 })).rejects.toMatchObject({
			reason: 'COMMAND_TIMEOUT'
		});
		expect(Date.now() - started).toBeLessThan(7000);
		await holder.query('COMMIT');
		await holder.end();
		await new Promise((resolve) => setTimeout(resolve, 200));
		expect((await desk.standard('get', { id: row['id']! })).response).toMatchObject({ points: 0 });
	});

	test('say that the outcome is unknown where the connection breaks', async () => {
		const superuser = await db.connect(db.superuserUrl);
		const held = await create({ title: 'Broken' });
		await superuser.query(
			`BEGIN; SELECT 1 FROM ${desk.place.schema}.tickets WHERE title = 'Broken' FOR UPDATE`
		);
		const outcome = desk.standard('update', { id: held['id']!, points: 1 }).catch((error: unknown) => error);
		await expect
			.poll(
				async () =>
					(
						await superuser.query(
							`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`
						)
					).rowCount
			)
			.toBe(1);
		expect(await outcome).toMatchObject({ code: 'unavailable' });
		await superuser.query('COMMIT');
		await superuser.end();
		expect((await desk.standard('get', { id: held['id']! })).response).toMatchObject({ points: 0 });
	});

	test('get a function behind the same wall when they are used often', async () => {
		const functions = () =>
			db.admin.query<{ role: string; prosecdef: boolean; public: boolean }>(
				`SELECT proowner::regrole::text AS role, prosecdef, has_function_privilege('loam_${db.instance.id}_tenants', oid, 'EXECUTE') AS public
				   FROM pg_proc WHERE pronamespace = $1::regnamespace AND proname LIKE 's\\_%' AND prosrc LIKE '%INSERT INTO "projects"%'`,
				[desk.place.stateSchema]
			);
		const method = standardMethod('create', 'projects');
		const project = (n: number) => desk.standard('create', { name: `Often ${n}` }, { method });
		for (let i = 0; i < 5; i++) await project(i);
		await expect
			.poll(async () => (await functions()).rows)
			.toEqual([{ role: desk.place.runRole, prosecdef: true, public: false }]);
		const made = await project(6);
		expect(made).toMatchObject({ response: { name: 'Often 6' }, txid: expect.any(BigInt) });
		await expect(project(6)).rejects.toMatchObject({ reason: 'ROW_EXISTS', meta: { fields: ['name'] } });
		const member = await db.admin.query(
			`SELECT FROM pg_auth_members WHERE roleid = $1::regrole AND (inherit_option OR set_option)`,
			[desk.place.runRole]
		);
		expect(member.rowCount).toBe(0);
	});

	test('leave no timer behind', async () => {
		const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
		const { id } = (await create()) as { id: string };
		const before = timers();
		for (let i = 0; i < 50; i++) await desk.standard('get', { id });
		expect(timers() - before).toBeLessThan(10);
	});

	test('never hold more than eight connections for one tenant', async () => {
		const holders = Array.from({ length: 12 }, () => create());
		let most = 0;
		const watching = setInterval(() => {
			most = Math.max(most, db.commands.totalCount - db.commands.idleCount);
		}, 1);
		await Promise.all(holders);
		clearInterval(watching);
		expect(most).toBeLessThanOrEqual(8);
		expect(db.commands.waitingCount).toBe(0);
	});
});
