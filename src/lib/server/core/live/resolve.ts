import { createHash } from 'node:crypto';
import { AppError, canonicalJson } from '#kernel';
import {
	canonical,
	combine,
	compileFilter,
	parseFilter,
	routes,
	type Filter,
	type FilterEnv,
	type FilterOptions
} from '#engine/filter';
import { readAccess, type ReadAccess } from '#engine/policy';
import { schemaOf } from '#engine/shape';
import type { ViewSpec } from '#engine/view';
import type { LiveRelease } from '#core/tenancy';
import type { LiveView, Views } from '#core/views';
import { errors } from './errors.ts';
import type { ResolvedShape, ShapeRequest } from './types.ts';

/** What of the database goes into every handle: another database, or another past, has other handles. */
export interface Origin {
	readonly instance: string;
	readonly timeline: string;
}

const anonymous: ReadonlySet<string> = new Set();

/**
 * Decides what a reader sees of a view. Throws RELEASE_UNKNOWN, VIEW_UNKNOWN, VIEW_FORBIDDEN,
 * VIEW_NOT_READY, COLUMN_UNKNOWN, WHERE_INVALID.
 */
export function resolveShape(
	request: ShapeRequest,
	views: Pick<Views, 'find'>,
	origin: Origin
): ResolvedShape {
	const release = findRelease(request);
	const spec = findSpec(request, release);
	const manifest = release.artifact.manifest;
	const access = readAccess(manifest, spec, request.roles);
	if (!access.allowed) {
		throw errors.VIEW_FORBIDDEN(
			`You may not read "${request.installation.module}.${request.view}". Ask a project admin for a role that may.`,
			{ view: request.view }
		);
	}
	const view = views.find(request.installation, spec.hash);
	if (!view) {
		throw errors.VIEW_NOT_READY(`"${request.view}" is still being built. Try again in a moment.`, {
			view: request.view
		});
	}
	const env: FilterEnv = { principal: request.principal, params: request.params };
	const { where } = request;
	const asked = where === undefined ? undefined : ownFilter(where, spec, access.columns, { field: 'where' });
	const columns = shownColumns(request, spec, access);
	return assemble({ request, view, spec, asked, env, columns, origin, access, manifest });
}

function findRelease({ installation, release }: ShapeRequest): LiveRelease {
	if (release === undefined) return installation.release;
	for (const served of [installation.release, installation.previous]) {
		if (served?.hash.startsWith(release)) return served;
	}
	throw errors.RELEASE_UNKNOWN('This release is not served any more. Reload the page for the current one.', {
		field: 'release'
	});
}

function findSpec({ installation, view, roles }: ShapeRequest, release: LiveRelease): ViewSpec {
	const { manifest, views } = release.artifact;
	const spec = views.find((candidate) => candidate.name === view);
	if (spec) return spec;
	const readable = views.filter((candidate) => readAccess(manifest, candidate, roles).allowed);
	const names = readable.map(({ name }) => name).join(', ');
	throw errors.VIEW_UNKNOWN(
		`There is no view "${view}" in "${installation.module}".${names ? ` You may read ${names}.` : ''}`,
		{ field: 'table' }
	);
}

/** A reader's own filter, which may only look at what the reader can read. Throws WHERE_INVALID of the field. */
export function ownFilter(
	where: string,
	spec: ViewSpec,
	readable: readonly string[],
	{ field, ...options }: FilterOptions & { readonly field: string }
): Filter {
	const columns = spec.columns.filter((column) => readable.includes(column.name));
	try {
		return parseFilter(where, columns, options);
	} catch (error) {
		throw asFieldError(error, field);
	}
}

/** What precedes the filter where Postgres tells the place of a syntax error. */
const before = 'SELECT 1 WHERE '.length;

/** A filter's own error, told of the parameter that it stands in. */
export function asFieldError(error: unknown, field: string): unknown {
	if (!(error instanceof AppError)) return error;
	const { near, offset } = error.meta;
	// What is no SQL is told in the protocol's words, which clients know.
	const message =
		typeof near === 'string' && typeof offset === 'number'
			? `At location ${before + offset}: syntax error at ${near === '' ? 'end of input' : `or near "${near}"`}`
			: error.message;
	return errors.WHERE_INVALID(message, { ...error.meta, field }, error);
}

function shownColumns(request: ShapeRequest, spec: ViewSpec, access: ReadAccess): readonly string[] {
	const asked = request.columns;
	if (asked === undefined) return access.columns;
	const unknown = asked.filter((name) => !access.columns.includes(name));
	if (unknown.length > 0) {
		throw errors.COLUMN_UNKNOWN(
			`There is no readable column ${unknown.map((name) => `"${name}"`).join(', ')} in "${spec.name}".`,
			{ field: 'columns' }
		);
	}
	const missing = keyColumns(spec).filter((name) => access.columns.includes(name) && !asked.includes(name));
	if (missing.length > 0) {
		throw errors.COLUMN_UNKNOWN(`The columns must include the key: add ${missing.join(', ')}.`, {
			field: 'columns'
		});
	}
	return access.columns.filter((name) => asked.includes(name));
}

/** Names of the key's columns in the key's order; none where the key is opaque. */
function keyColumns(spec: ViewSpec): readonly string[] {
	if (spec.opaqueKey) return [];
	return spec.columns
		.filter((column) => column.keyIndex !== undefined)
		.sort((a, b) => a.keyIndex! - b.keyIndex!)
		.map((column) => column.name);
}

interface Parts {
	readonly request: ShapeRequest;
	readonly view: LiveView;
	readonly spec: ViewSpec;
	/** The reader's own filter. */
	readonly asked: Filter | undefined;
	readonly env: FilterEnv;
	readonly columns: readonly string[];
	readonly origin: Origin;
	readonly access: ReadAccess;
	readonly manifest: LiveRelease['artifact']['manifest'];
}

function assemble(parts: Parts): ResolvedShape {
	const { request, view, spec, asked, access, env, origin } = parts;
	const filter = whole([access.filter, asked]);
	const shown = shownOf(spec, request.installation.module, parts.columns, parts.access.columns);
	const filterText = filter ? bound(() => canonical(filter, env)) : '';
	const replica = request.replica ?? 'default';
	const identity = [origin.instance, origin.timeline, request.installation.id];
	const state = [spec.name, view.spec.hash, view.generation];
	return {
		...shown,
		hash: hashOf([...identity, ...state, filterText, shown.columns, shown.hidesKey, replica]),
		request,
		installation: request.installation,
		view,
		replica,
		filters: [access.filter, asked].filter((one) => one !== undefined),
		env,
		includes: filter ? bound(() => compileFilter(filter, env)) : everyRow,
		routes: filter && routes(filter, env),
		isPublic: isPublic(parts, filterText)
	};
}

const everyRow = () => true;

type Shown = Pick<ResolvedShape, 'relation' | 'columns' | 'readable' | 'keyColumns' | 'hidesKey' | 'schema'>;
const shownParts = new WeakMap<ViewSpec, Map<string, Shown>>();

/** What shapes of a view with the same columns have in common; kept once, as there may be very many. */
function shownOf(
	spec: ViewSpec,
	module: string,
	columns: readonly string[],
	readable: readonly string[]
): Shown {
	const byColumns = shownParts.get(spec) ?? new Map<string, Shown>();
	shownParts.set(spec, byColumns);
	const name = JSON.stringify([module, columns, readable]);
	const known = byColumns.get(name);
	if (known) return known;
	const wholeKey = keyColumns(spec);
	const hidesKey = wholeKey.some((part) => !columns.includes(part));
	const shown: Shown = {
		relation: [module, spec.name],
		columns,
		readable,
		keyColumns: hidesKey ? [] : wholeKey,
		hidesKey,
		schema: schemaOf(spec.columns.filter((column) => columns.includes(column.name)))
	};
	byColumns.set(name, shown);
	return shown;
}

/** Reads the filter's constants, whose errors are the parameters'. */
function bound<T>(read: () => T): T {
	try {
		return read();
	} catch (error) {
		throw asFieldError(error, 'params');
	}
}

/** An anonymous visitor would be given the same, so the answer may stand in any cache. */
function isPublic({ manifest, spec, access, env, asked }: Parts, filterText: string): boolean {
	const open = readAccess(manifest, spec, anonymous);
	if (!open.allowed || open.columns.length !== access.columns.length) return false;
	const filter = whole([open.filter, asked]);
	return filterText === (filter ? canonical(filter, { ...env, principal: undefined }) : '');
}

/** All of these; undefined where there is none. */
function whole(filters: readonly (Filter | undefined)[]): Filter | undefined {
	const given = filters.filter((filter) => filter !== undefined);
	return given.length > 0 ? combine('and', given) : undefined;
}

function hashOf(parts: readonly unknown[]): string {
	return createHash('sha256')
		.update(canonicalJson(parts as never))
		.digest('hex')
		.slice(0, 24);
}
