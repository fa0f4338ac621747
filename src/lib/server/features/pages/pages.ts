import { AppError } from '#kernel';
import { verbsOf, type BindingData, type PageData } from '#engine/card';
import { matchRoute, type Binding, type PageSpec, type RouteMatch } from '#engine/module';
import type { Roles } from '#core/identity';
import type { Live } from '#core/live';
import type { Installation } from '#core/tenancy';
import { errors } from './errors.ts';
import { generatedPages } from './generated/pages.ts';
import { Viewer } from './generated/viewer.ts';
import { moduleEntry } from './navigation.ts';
import type { ModuleEntry, PageRequest } from './types.ts';

export interface Pages {
	/**
	 * The page of an address with its data, as this viewer may see it. Throws PAGE_UNKNOWN,
	 * PAGE_PARAMETERS, PAGE_FORBIDDEN, and what core/live throws for a view that may not be read.
	 */
	load(request: PageRequest): Promise<PageData>;
	/** What the shell shows of a module; undefined where the viewer may see nothing of it. */
	entry(installation: Installation, roles: Roles): ModuleEntry | undefined;
}

export interface PagesInit {
	readonly live: Pick<Live, 'resolve' | 'read'>;
	/** ISO 8601; the clock, unless a test holds it. */
	readonly now?: () => string;
}

export function createPages({ live, now = () => new Date().toISOString() }: PagesInit): Pages {
	return {
		async load(request) {
			const { artifact } = request.installation.release;
			const { page, params } = find(request);
			const names = Object.keys(page.data);
			const loaded = await Promise.all(names.map((name) => bind(page.data[name]!, params, request)));
			const viewer = new Viewer(artifact, request.roles);
			return {
				file: page.file,
				title: page.title,
				card: page.card,
				project: request.installation.project.path,
				module: request.installation.module,
				release: request.installation.release.shortHash,
				params,
				query: request.query,
				principal: {
					id: request.principal?.id ?? null,
					name: request.principal?.name ?? '',
					roles: [...request.roles].sort()
				},
				locale: request.locale,
				now: now(),
				bindings: Object.fromEntries(names.map((name, at) => [name, loaded[at]!])),
				procedures: proceduresOf(page, viewer)
			};
		},
		entry: (installation, roles) => moduleEntry(new Viewer(installation.release.artifact, roles))
	};

	async function bind(binding: Binding, params: Params, request: PageRequest): Promise<BindingData> {
		const all = { ...request.query, ...params };
		const { installation, roles, principal } = request;
		const release = installation.release.shortHash;
		const { view, where, order, limit } = binding;
		const shape = parameters(() =>
			live.resolve({
				installation,
				release,
				view,
				roles,
				principal: principal?.id,
				replica: 'full',
				...(where === undefined ? {} : { where, params: all })
			})
		);
		const read = await live.read(shape, { order, limit });
		const used = where === undefined ? {} : { where, params: onlyUsed(where, all) };
		return {
			shape: {
				project: installation.project.path,
				table: `${installation.module}.${view}`,
				release,
				...used
			},
			handle: read.handle,
			offset: read.offset,
			rows: read.rows,
			complete: read.complete,
			schema: read.schema,
			order,
			limit,
			live: binding.live
		};
	}
}

type Params = Readonly<Record<string, string>>;

/** The module's own pages first, then what is made for its tables. */
function find({ installation, segments, roles }: PageRequest): RouteMatch {
	const { artifact } = installation.release;
	const own = matchRoute(artifact.pages, segments);
	const viewer = new Viewer(artifact, roles);
	const made = own && isFixed(own.page) ? undefined : matchRoute(generatedPages(viewer), segments);
	const found = own && made ? moreFixed(own, made) : (own ?? made);
	if (found) return found;
	if (artifact.tables.some((table) => table.name === segments[0])) {
		throw errors.PAGE_FORBIDDEN('You may not see this. Ask a project admin for a role that may.');
	}
	throw errors.PAGE_UNKNOWN(`"${artifact.manifest.title}" has no page at this address.`, {
		path: segments.join('/')
	});
}

function isFixed(page: PageSpec): boolean {
	return page.route.every((segment) => !segment.startsWith('['));
}

/** `/tickets/new` is the generated form although the module has `/tickets/[id]`. */
function moreFixed(own: RouteMatch, made: RouteMatch): RouteMatch {
	const fixed = (match: RouteMatch) => match.page.route.filter((segment) => !segment.startsWith('[')).length;
	return fixed(made) > fixed(own) ? made : own;
}

/** An id in the address that can't be one is a page that isn't there. */
function parameters<T>(resolve: () => T): T {
	try {
		return resolve();
	} catch (error) {
		if (error instanceof AppError && error.meta['field'] === 'params') {
			throw errors.PAGE_PARAMETERS('There is nothing at this address. It may be mistyped.', {}, error);
		}
		throw error;
	}
}

/** Query parameters that the filter doesn't name are no part of the shape. */
function onlyUsed(where: string, params: Params): Params {
	return Object.fromEntries(Object.entries(params).filter(([name]) => where.includes(`'${name}'`)));
}

function proceduresOf(page: PageSpec, viewer: Viewer): Record<string, string> {
	const verbs = new Set(verbsOf(page.card));
	const called = viewer.artifact.methods.filter((method) => verbs.has(method.name));
	return Object.fromEntries(called.map((method) => [method.name, `${method.service}/${method.name}`]));
}
