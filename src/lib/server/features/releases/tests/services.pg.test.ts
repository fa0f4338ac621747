import { create, type DescMessage, type MessageInitShape, type MessageShape } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
	InstallRequestSchema,
	ListInstallationsRequestSchema,
	UninstallRequestSchema,
	type InstallationService
} from '#gen/loam/v1/installations_pb';
import {
	CheckRequestSchema,
	CreateDraftRequestSchema,
	GetFilesRequestSchema,
	ListModulesRequestSchema,
	ListReleasesRequestSchema,
	PreviewRequestSchema,
	PublishRequestSchema,
	PutFilesRequestSchema,
	type ModuleService
} from '#gen/loam/v1/modules_pb';
import type { Principal } from '#core/identity';
import { testReleases, type TestReleases } from '#support/releases';
import { installationService, moduleService, type ServiceOf } from '../index.ts';

let house: TestReleases;
let modules: ServiceOf<typeof ModuleService>;
let installations: ServiceOf<typeof InstallationService>;

const person = (name: string): Principal => ({
	id: '01930000-0000-7000-8000-000000000009',
	name,
	email: undefined,
	sysAdmin: false,
	grantsVersion: 0n
});
const admin = person('admin');
const user = person('user');
const stranger = person('stranger');

beforeAll(async () => {
	house = await testReleases();
	await house.db.app.query(
		`INSERT INTO loam.person (id, name, email) VALUES ('01930000-0000-7000-8000-000000000009', 'Ada', 'ada@example.org')`
	);
	const roles = { admin: ['project-admin', 'project-user'], user: ['project-user'] } as Record<
		string,
		string[]
	>;
	const door = { tenancy: house.tenancy, rolesIn: ({ name }: Principal) => new Set(roles[name] ?? []) };
	modules = moduleService(door, house.registry, house.releases);
	installations = installationService(door, house.db.app, house.registry, house.releases);
});
afterAll(() => house.end());

/** Calls with a whole message, as the router does. */
function call<I extends DescMessage, R>(
	method: (request: MessageShape<I>, principal: Principal) => Promise<R>,
	schema: I,
	init: MessageInitShape<I>,
	principal = admin
): Promise<R> {
	return method(create(schema, init), principal);
}

const newDraft = async (module: string, template = 'starter') =>
	(await call(modules.createDraft, CreateDraftRequestSchema, { project: 'home/main', module, template }))
		.draft!;

describe('who may', () => {
	test.each([
		['a stranger', stranger, 'home/main', 'PROJECT_UNKNOWN'],
		['a user', user, 'home/main', 'PROJECT_ADMIN_NEEDED'],
		['an admin elsewhere', admin, 'home/nowhere', 'PROJECT_UNKNOWN'],
		['nobody', admin, 'home', 'PROJECT_PATH']
	])('%s is refused everywhere', async (_, who, project, reason) => {
		const refused = expect.objectContaining({ reason });
		const calls = [
			call(modules.listModules, ListModulesRequestSchema, { project }, who),
			call(modules.createDraft, CreateDraftRequestSchema, { project, module: 'x' }, who),
			call(modules.listReleases, ListReleasesRequestSchema, { project, module: 'x' }, who),
			call(installations.install, InstallRequestSchema, { project, module: 'x' }, who),
			call(installations.list, ListInstallationsRequestSchema, { project }, who),
			call(installations.uninstall, UninstallRequestSchema, { project, module: 'x' }, who)
		];
		expect(await Promise.allSettled(calls)).toEqual(
			calls.map(() => ({ status: 'rejected', reason: refused }))
		);
	});

	test.each([
		['a stranger', stranger, 'PROJECT_UNKNOWN'],
		['a user', user, 'PROJECT_ADMIN_NEEDED']
	])('%s sees and changes no draft', async (_, who, reason) => {
		const draft = await newDraft('guarded');
		const calls = [
			call(modules.getFiles, GetFilesRequestSchema, { draft }, who),
			call(
				modules.putFiles,
				PutFilesRequestSchema,
				{ draft, baseRevision: 1n, files: { 'README.md': '' } },
				who
			),
			call(modules.check, CheckRequestSchema, { draft }, who),
			call(modules.publish, PublishRequestSchema, { draft }, who),
			call(modules.preview, PreviewRequestSchema, { draft, page: 'pages/index.page.json' }, who)
		];
		const refused = expect.objectContaining({ reason });
		expect(await Promise.allSettled(calls)).toEqual(
			calls.map(() => ({ status: 'rejected', reason: refused }))
		);
	});
});

describe('from a template to a live module', () => {
	test('create, write, check, preview, publish, list', async () => {
		const draft = await newDraft('journey');
		const { files, revision } = await call(modules.getFiles, GetFilesRequestSchema, { draft });
		expect(revision).toBe(1n);
		const text = files!['pages/index.page.json']!.replace('"title": "Journey"', '"title": "My journey"');
		const put = await call(modules.putFiles, PutFilesRequestSchema, {
			draft,
			baseRevision: 1n,
			files: { 'pages/index.page.json': text }
		});
		expect(put.revision).toBe(2n);

		const check = await call(modules.check, CheckRequestSchema, { draft });
		expect(check).toMatchObject({ ok: true, revision: 2n, diagnostics: [] });
		const shown = await call(modules.preview, PreviewRequestSchema, { draft, page: 'pages/index.page.json' });
		expect(shown.bindings!['notes']!.rows).toHaveLength(2);

		const stale = call(modules.publish, PublishRequestSchema, { draft, baseRevision: 1n });
		await expect(stale).rejects.toMatchObject({ code: 'aborted', reason: 'PUBLISH_STALE' });
		const published = await call(modules.publish, PublishRequestSchema, { draft, baseRevision: 2n });
		expect(published).toMatchObject({
			ok: true,
			release: { live: true, version: '0.1.0', createdBy: 'Ada' }
		});

		const { releases } = await call(modules.listReleases, ListReleasesRequestSchema, {
			project: 'home/main',
			module: 'journey'
		});
		expect(releases).toMatchObject([{ shortHash: published.release!.shortHash, live: true }]);
		const { modules: listed } = await call(modules.listModules, ListModulesRequestSchema, {
			project: 'home/main'
		});
		expect(listed!.find((one) => one.name === 'journey')).toMatchObject({
			title: 'Journey',
			shipped: false,
			draft,
			installed: published.release!.shortHash
		});
	});

	test('a refused publish answers the report', async () => {
		const draft = await newDraft('refused');
		await call(modules.putFiles, PutFilesRequestSchema, {
			draft,
			baseRevision: 1n,
			files: { 'views/x.sql': 'SELECT' }
		});
		const answer = await call(modules.publish, PublishRequestSchema, { draft });
		expect(answer.ok).toBe(false);
		expect(answer.release).toBeUndefined();
		expect(answer.diagnostics).toMatchObject([{ file: 'views/x.sql', line: 1 }]);
		expect(answer.steps!.map((step) => step.step)).toContain('live');
	});

	test('uninstall and install again', async () => {
		const list = async () =>
			(await call(installations.list, ListInstallationsRequestSchema, { project: 'home/main' }))
				.installations!;
		await call(installations.uninstall, UninstallRequestSchema, { project: 'home/main', module: 'journey' });
		expect(await list()).toMatchObject([{ module: 'journey', active: false }]);
		const answer = await call(installations.install, InstallRequestSchema, {
			project: 'home/main',
			module: 'journey',
			demo: true
		});
		expect(answer).toMatchObject({
			ok: true,
			installation: { module: 'journey', active: true, version: '0.1.0' }
		});
		await expect(
			call(installations.install, InstallRequestSchema, { project: 'home/main', module: 'nothing' })
		).rejects.toMatchObject({ reason: 'MODULE_UNKNOWN' });
	});
});

test('each release has a version of its own; the draft is left as it is', async () => {
	const draft = await newDraft('versions');
	const write = async (files: Record<string, string>) => {
		const { revision } = await call(modules.getFiles, GetFilesRequestSchema, { draft });
		await call(modules.putFiles, PutFilesRequestSchema, { draft, baseRevision: revision!, files });
	};
	const publish = async () => {
		const answer = await call(modules.publish, PublishRequestSchema, { draft });
		expect(answer.diagnostics).toEqual([]);
		return answer.release!;
	};
	const read = async () => (await call(modules.getFiles, GetFilesRequestSchema, { draft })).files!;
	const at = async (version: string) =>
		write({
			'module.json': (await read())['module.json']!.replace(/"version": "[^"]*"/, `"version": "${version}"`)
		});

	const first = await publish();
	expect(first.version).toBe('0.1.0');
	expect(await publish()).toMatchObject({ id: first.id });
	await write({ 'README.md': 'one' });
	const second = await publish();
	expect(second.version).toBe('0.1.1');
	// Nothing has changed since, whatever the draft still calls itself.
	expect(await publish()).toMatchObject({ id: second.id });
	expect(JSON.parse((await read())['module.json']!)).toMatchObject({ version: '0.1.0' });
	await write({ 'README.md': 'two' });
	expect(await publish()).toMatchObject({ version: '0.1.2' });
	await at('2.0.0');
	expect(await publish()).toMatchObject({ version: '2.0.0' });
	await write({ 'README.md': 'three' });
	expect(await publish()).toMatchObject({ version: '2.0.1' });
	await write({ 'README.md': 'four' });
	await at('0.1.1');
	expect(await publish()).toMatchObject({ version: '0.1.3' });
	const { releases } = await call(modules.listReleases, ListReleasesRequestSchema, {
		project: 'home/main',
		module: 'versions'
	});
	expect(releases!.map((release) => release.version)).toEqual([
		'0.1.3',
		'2.0.1',
		'2.0.0',
		'0.1.2',
		'0.1.1',
		'0.1.0'
	]);
});
