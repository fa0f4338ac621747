import type { Access, ReleaseArtifact } from '#engine/module';
import { withImplied } from '#engine/policy';
import { readSchema, type TableSpec } from '#engine/schema';
import { buildProto } from '#support/proto';
import { Viewer } from './generated/viewer.ts';

/** A module of a test: its schema is compiled, its tables stand as implicit views without a program. */
export function testArtifact(
	proto: string,
	access: Access,
	more: Partial<ReleaseArtifact> = {}
): ReleaseArtifact {
	const { tables, methods } = readSchema(buildProto({ 'schema.proto': proto }), 'desk');
	const manifest = {
		name: 'desk',
		title: 'Desk',
		version: '1.0.0',
		roles: { agent: { title: 'Agent' } },
		access,
		navigation: []
	};
	return {
		format: 1,
		package: 'desk',
		manifest,
		tables,
		methods,
		views: tables.map(implicitView),
		pages: [],
		...more
	} as unknown as ReleaseArtifact;
}

function implicitView({ name, columns }: TableSpec) {
	return { name, implicit: true, columns: columns.map(({ name, type }) => ({ name, type })) };
}

export function testViewer(artifact: ReleaseArtifact, ...roles: string[]): Viewer {
	return new Viewer(artifact, withImplied(roles));
}
