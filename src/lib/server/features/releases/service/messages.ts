import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import type { Diagnostic } from '#kernel';
import type { DiagnosticSchema, ReleaseSchema, StepSchema } from '#gen/loam/v1/modules_pb';
import { shortHashLength } from '#engine/module';
import type { ReleaseSummary } from '../publish/store.ts';
import type { Report, Step } from '../report.ts';

export function diagnosticMessage({
	hint,
	...finding
}: Diagnostic): MessageInitShape<typeof DiagnosticSchema> {
	return { ...finding, hint: hint ?? '' };
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
