import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { unreachable, type Diagnostic, type Fix } from '#kernel';
import type { DiagnosticSchema, FixSchema, ReleaseSchema, StepSchema } from '#gen/loam/v1/modules_pb';
import { shortHashLength } from '#engine/module';
import type { ReleaseSummary } from '../publish/store.ts';
import type { Report, Step } from '../report.ts';

export function diagnosticMessage({
	hint,
	fix,
	...finding
}: Diagnostic): MessageInitShape<typeof DiagnosticSchema> {
	return { ...finding, hint: hint ?? '', ...(fix ? { fix: fixMessage(fix) } : {}) };
}

function fixMessage(fix: Fix): MessageInitShape<typeof FixSchema> {
	switch (fix.kind) {
		case 'draft-migration':
			return { fix: { case: 'draftMigration', value: {} } };
		case 'share':
			return { fix: { case: 'share', value: { list: fix.list, name: fix.name } } };
		case 'create-file':
			return { fix: { case: 'createFile', value: fix.path } };
		case 'draft-index':
			return { fix: { case: 'draftIndex', value: { table: fix.table, columns: [...fix.columns] } } };
		default:
			return unreachable(fix);
	}
}

export function stepMessage(step: Step): MessageInitShape<typeof StepSchema> {
	return { ...step };
}

export function reportMessages({ ok, steps, diagnostics }: Report) {
	return { ok, steps: steps.map(stepMessage), diagnostics: diagnostics.map(diagnosticMessage) };
}

export function releaseMessage(
	release: ReleaseSummary,
	liveHash: string | undefined
): MessageInitShape<typeof ReleaseSchema> {
	return {
		id: release.id,
		hash: release.hash,
		shortHash: release.hash.slice(0, shortHashLength),
		version: release.version,
		createdAt: timestampFromDate(release.createdAt),
		createdBy: release.createdBy ?? '',
		live: release.hash === liveHash
	};
}
