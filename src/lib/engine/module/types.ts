import type { Json } from '#kernel';
import type { Access } from '#engine/policy';
import type { MethodSpec, TableSpec } from '#engine/schema';
import type { ViewSpec } from '#engine/view';

export type { Access, AccessRule, ViewAccess } from '#engine/policy';

/** A module's files: path (`views/open_tickets.sql`) to text. */
export type ModuleFiles = ReadonlyMap<string, string>;

/** module.json, checked. */
export interface Manifest {
	/** Lower snake_case; the URL segment and the folder. */
	readonly name: string;
	/** Semantic version, for people; a release is named by its hash. */
	readonly version: string;
	readonly title: string;
	readonly icon?: string;
	readonly description?: string;
	/** Roles that the module names, by their short name: `agent` is granted as `tickets:agent`. */
	readonly roles: Readonly<Record<string, { readonly title: string }>>;
	/** Other modules that this one needs; for later. */
	readonly uses: readonly string[];
	readonly capabilities: readonly string[];
	readonly access: Access;
	readonly navigation: readonly NavigationItem[];
}

export interface NavigationItem {
	readonly title: string;
	/** Route in the module: `board`, `` for the index. */
	readonly page: string;
	readonly icon?: string;
}

/** pages/tickets/[id].page.json, checked. */
export interface PageSpec {
	/** e.g. `pages/tickets/[id].page.json` */
	readonly file: string;
	/** Segments of the route: `['tickets', '[id]']`; the index is `[]`. */
	readonly route: readonly string[];
	/** May hold `${…}` of the card language. */
	readonly title: string;
	readonly data: Readonly<Record<string, Binding>>;
	readonly card: Json;
}

export interface Binding {
	readonly view: string;
	/** Of the filter language; `param('id')` is a parameter of the route or the query. */
	readonly where?: string;
	/** `["opened_at desc", "id"]` */
	readonly order: readonly string[];
	/** At most 1,000; 200 unless told. */
	readonly limit: number;
	readonly live: boolean;
}

/** Everything that a publish derives from the files, kept with the release. Plain JSON. */
export interface ReleaseArtifact {
	readonly format: 1;
	readonly manifest: Manifest;
	/** The proto package of schema.proto: `tickets`. */
	readonly package: string;
	readonly tables: readonly TableSpec[];
	readonly methods: readonly MethodSpec[];
	/** Implicit ones too. */
	readonly views: readonly ViewSpec[];
	readonly pages: readonly PageSpec[];
	/**
	 * JavaScript of logic/, one script that sets `globalThis.__handlers` to default exports by file, with its
	 * source map as a comment at the end.
	 */
	readonly bundle: string;
	/** By locale, then key. */
	readonly locales: Readonly<Record<string, Readonly<Record<string, string>>>>;
}
