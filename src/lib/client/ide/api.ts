import {
	create,
	fromJson,
	toJson,
	type DescMessage,
	type DescMethodUnary,
	type JsonValue,
	type MessageInitShape,
	type MessageShape
} from '@bufbuild/protobuf';
import { timestampDate } from '@bufbuild/protobuf/wkt';
import { call, CallError } from '#client/session';
import {
	ModuleService,
	type Diagnostic as WireDiagnostic,
	type Fix as WireFix,
	type LiveView,
	type ModuleSummary as WireSummary,
	type PreviewBinding,
	type Release as WireRelease,
	type Step as WireStep,
	type ViewDescription
} from '#gen/loam/v1/modules_pb';
import { AppError, httpStatus, type Diagnostic, type ErrorCode, type Fix } from '#kernel';
import type { Changes } from './draft/types.ts';

export interface Step {
	readonly step: string;
	readonly ok: boolean;
	readonly ms: number;
	readonly skipped: boolean;
}

export interface Release {
	readonly id: string;
	readonly hash: string;
	readonly shortHash: string;
	readonly version: string;
	readonly createdAt: Date | undefined;
	readonly createdBy: string;
	readonly live: boolean;
}

export interface Report {
	readonly ok: boolean;
	readonly steps: readonly Step[];
	readonly diagnostics: readonly Diagnostic[];
	readonly release: Release | undefined;
}

export interface ModuleEntry {
	readonly name: string;
	readonly title: string;
	readonly shipped: boolean;
	/** Empty: none yet. */
	readonly draft: string;
	readonly lastRelease: Release | undefined;
	/** Short hash; empty: not installed. */
	readonly installed: string;
}

export interface OpenDraft {
	readonly draft: string;
	readonly revision: number;
	readonly files: ReadonlyMap<string, string>;
}

export interface PreviewData {
	readonly bindings: Readonly<Record<string, PreviewBinding>>;
	readonly diagnostics: readonly Diagnostic[];
	/** Short hash of the release whose data is shown; empty: demo data. */
	readonly release: string;
}

/** A view with its plan, or with what is wrong with it. */
export type PlannedView = Omit<ViewDescription, 'diagnostics'> & {
	readonly diagnostics: readonly Diagnostic[];
};

export interface ViewPlans {
	readonly views: readonly PlannedView[];
	/** What keeps all of them from being planned. */
	readonly diagnostics: readonly Diagnostic[];
	/** Short hash of the release whose sizes are told; empty: nothing is installed. */
	readonly release: string;
}

/** What the builder asks of the server. `project` is `org/project`. */
export interface BuilderApi {
	modules(project: string): Promise<ModuleEntry[]>;
	/** The id of the module's draft; makes it where there is none. */
	createDraft(project: string, module: string, template: string, title?: string): Promise<string>;
	files(draft: string, signal?: AbortSignal): Promise<OpenDraft>;
	/** The new revision. */
	put(draft: string, base: number, changes: Changes, signal?: AbortSignal): Promise<number>;
	check(draft: string): Promise<Report & { readonly revision: number }>;
	publish(draft: string, base: number): Promise<Report>;
	releases(project: string, module: string): Promise<Release[]>;
	preview(draft: string, page: string, params: Readonly<Record<string, string>>): Promise<PreviewData>;
	describeViews(draft: string): Promise<ViewPlans>;
	/** How the views in place do, by name. */
	liveViews(draft: string): Promise<ReadonlyMap<string, LiveView>>;
	/** `declare module 'loam' { … }` */
	sdk(draft: string): Promise<string>;
	draftMigration(draft: string): Promise<{ path: string; sql: string; diagnostics: readonly Diagnostic[] }>;
}

export function createBuilderApi(): BuilderApi {
	const { method } = ModuleService;
	return {
		async modules(project) {
			return (await ask(method.listModules, { project })).modules.map(entryOf);
		},
		async createDraft(project, module, template, title = '') {
			return (await ask(method.createDraft, { project, module, template, title })).draft;
		},
		async files(draft, signal) {
			const answer = await ask(method.getFiles, { draft }, signal ? { signal } : {});
			return { draft, revision: Number(answer.revision), files: new Map(Object.entries(answer.files)) };
		},
		async put(draft, base, changes, signal) {
			const files = Object.fromEntries(
				[...changes].filter((change): change is [string, string] => change[1] !== null)
			);
			const gone = [...changes].flatMap(([path, text]) => (text === null ? [path] : []));
			const request = { draft, baseRevision: BigInt(base), files, delete: gone };
			return Number((await ask(method.putFiles, request, signal ? { signal } : {})).revision);
		},
		async check(draft) {
			const { ok, revision, steps, diagnostics } = await ask(method.check, { draft });
			return { ...reportOf({ ok, steps, diagnostics }), revision: Number(revision) };
		},
		async publish(draft, base) {
			return reportOf(await ask(method.publish, { draft, baseRevision: BigInt(base) }));
		},
		async releases(project, module) {
			return (await ask(method.listReleases, { project, module })).releases.map(releaseOf);
		},
		async preview(draft, page, params) {
			const { bindings, diagnostics, release } = await ask(method.preview, {
				draft,
				page,
				params: { ...params }
			});
			return { bindings, release, diagnostics: diagnostics.map(diagnosticOf) };
		},
		async describeViews(draft) {
			const request = { of: { case: 'draft' as const, value: draft } };
			const { views, diagnostics, release } = await ask(method.describeViews, request);
			return {
				views: views.map((view) => ({ ...view, diagnostics: view.diagnostics.map(diagnosticOf) })),
				diagnostics: diagnostics.map(diagnosticOf),
				release
			};
		},
		async liveViews(draft) {
			const request = { of: { case: 'draft' as const, value: draft }, onlyLive: true };
			const { views } = await ask(method.describeViews, request);
			return new Map(views.flatMap(({ name, live }) => (live ? [[name, live] as const] : [])));
		},
		async sdk(draft) {
			return (await ask(method.getSdk, { draft })).types;
		},
		async draftMigration(draft) {
			const { path, sql, diagnostics } = await ask(method.draftMigration, { draft });
			return { path, sql, diagnostics: diagnostics.map(diagnosticOf) };
		}
	};
}

/** A typed call; errors are AppErrors. */
async function ask<I extends DescMessage, O extends DescMessage>(
	method: DescMethodUnary<I, O>,
	request: MessageInitShape<I>,
	options: { signal?: AbortSignal } = {}
): Promise<MessageShape<O>> {
	const procedure = `${method.parent.typeName}/${method.name}`;
	const body = toJson(method.input, create(method.input, request)) as object;
	try {
		const { data } = await call<JsonValue>(procedure, body, options);
		return fromJson(method.output, data, { ignoreUnknownFields: true });
	} catch (error) {
		throw error instanceof CallError ? appError(error) : error;
	}
}

function appError({ code, reason, message, meta }: CallError): AppError {
	return new AppError({ code: code in httpStatus ? (code as ErrorCode) : 'unknown', reason, message, meta });
}

function reportOf(answer: {
	ok: boolean;
	steps: WireStep[];
	diagnostics: WireDiagnostic[];
	release?: WireRelease | undefined;
}): Report {
	return {
		ok: answer.ok,
		steps: answer.steps.map(({ step, ok, ms, skipped }) => ({ step, ok, ms, skipped })),
		diagnostics: answer.diagnostics.map(diagnosticOf),
		release: answer.release && releaseOf(answer.release)
	};
}

function diagnosticOf(found: WireDiagnostic): Diagnostic {
	const fix = fixOf(found.fix);
	return {
		severity: found.severity === 'warning' ? 'warning' : 'error',
		file: found.file,
		line: Math.max(1, found.line),
		column: Math.max(1, found.column),
		...(found.endLine ? { endLine: found.endLine } : {}),
		...(found.endColumn ? { endColumn: found.endColumn } : {}),
		reason: found.reason,
		message: found.message,
		...(found.hint ? { hint: found.hint } : {}),
		...(fix ? { fix } : {})
	};
}

/** One that this builder does not know is none. */
function fixOf(wire: WireFix | undefined): Fix | undefined {
	switch (wire?.fix.case) {
		case 'draftMigration':
			return { kind: 'draft-migration' };
		case 'share': {
			const { list, name } = wire.fix.value;
			return list === 'views' || list === 'commands' ? { kind: 'share', list, name } : undefined;
		}
		case 'createFile':
			return { kind: 'create-file', path: wire.fix.value };
		case 'draftIndex':
			return { kind: 'draft-index', table: wire.fix.value.table, columns: wire.fix.value.columns };
		case undefined:
			return undefined;
	}
}

function releaseOf({ id, hash, shortHash, version, createdAt, createdBy, live }: WireRelease): Release {
	return { id, hash, shortHash, version, createdBy, live, createdAt: createdAt && timestampDate(createdAt) };
}

function entryOf({ name, title, shipped, draft, lastRelease, installed }: WireSummary): ModuleEntry {
	return { name, title, shipped, draft, installed, lastRelease: lastRelease && releaseOf(lastRelease) };
}
