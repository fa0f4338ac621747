import { moduleNameProblem, type ModuleFiles } from '#engine/module';
import { isUuid } from '#kernel';
import type { Pool } from '#platform/postgres';
import { copyAs } from './copy.ts';
import { changeFiles, findDraft, openDraft, readDraft } from './drafts.ts';
import { errors } from './errors.ts';
import { ensureModule, findModule, listModules } from './modules.ts';
import { fromTemplate, isTemplate } from './templates.ts';
import type { Draft, DraftFiles, FileChanges, Module, ModuleListing } from './types.ts';

export interface NewDraft {
	readonly projectId: string;
	readonly module: string;
	/** `empty`, `starter`, or the name of a shipped module to copy. */
	readonly template: string;
	/** For people; '': made of the name, or the original's. */
	readonly title: string;
	readonly createdBy: string | undefined;
}

/** Modules by name, and their drafts. Who may ask is checked by the caller. */
export interface Registry {
	modules(projectId: string): Promise<ModuleListing[]>;
	/** The project's own module, or else the shipped one. */
	findModule(projectId: string, name: string): Promise<Module | undefined>;
	/** `projectId` undefined: shipped. */
	ensureModule(projectId: string | undefined, name: string): Promise<Module>;
	/** Files of the modules that come with Loam, by name. */
	shipped(): ReadonlyMap<string, ModuleFiles>;
	/**
	 * Opens the module's draft: the one that is there, or one made of the last release's files, or of a
	 * template. Throws MODULE_NAME, MODULE_TITLE, MODULE_SHIPPED, TEMPLATE_UNKNOWN.
	 */
	openDraft(wanted: NewDraft): Promise<{ draft: Draft; created: boolean }>;
	/** Throws DRAFT_UNKNOWN. */
	draft(id: string): Promise<Draft>;
	/** Throws DRAFT_UNKNOWN. */
	readDraft(id: string): Promise<DraftFiles>;
	/** The new revision. Throws DRAFT_UNKNOWN, DRAFT_STALE, FILES_REFUSED. */
	changeFiles(id: string, baseRevision: bigint, changes: FileChanges): Promise<bigint>;
}

export function createRegistry({
	pool,
	shipped
}: {
	readonly pool: Pool;
	readonly shipped: ReadonlyMap<string, ModuleFiles>;
}): Registry {
	return {
		modules: (projectId) => listModules(pool, projectId),
		findModule: (projectId, name) => findModule(pool, projectId, name),
		ensureModule: (projectId, name) => ensureModule(pool, projectId, name),
		shipped: () => shipped,
		draft: async (id) => findDraft(pool, checkId(id)),
		readDraft: async (id) => readDraft(pool, checkId(id)),
		changeFiles: async (id, baseRevision, changes) => changeFiles(pool, checkId(id), baseRevision, changes),
		async openDraft({ projectId, module: name, template, title, createdBy }) {
			const problem = moduleNameProblem(name);
			if (problem) throw errors.MODULE_NAME(problem, { module: name });
			if (title.length > longestTitle || !title.isWellFormed() || title.includes('\0')) throw badTitle();
			const present = await findModule(pool, projectId, name);
			if (present && present.projectId === undefined) throw shippedName(name);
			const files =
				(present && (await lastFiles(pool, present.id))) ?? newFiles(shipped, name, template, title);
			const { id } = present ?? (await ensureModule(pool, projectId, name));
			return openDraft(pool, { id, projectId }, files, createdBy);
		}
	};
}

function checkId(id: string): string {
	if (isUuid(id)) return id;
	throw errors.DRAFT_UNKNOWN('There is no such draft. Open the module in the builder again.', { draft: id });
}

function shippedName(name: string): Error {
	return errors.MODULE_SHIPPED(
		`"${name}" is shipped with Loam and stays as it is. Make a module of another name with "${name}" as its template.`,
		{ module: name }
	);
}

/** As engine/module reads it. */
const longestTitle = 100;

function badTitle(): Error {
	return errors.MODULE_TITLE(`A title is a text of at most ${longestTitle} characters.`);
}

function newFiles(
	shipped: ReadonlyMap<string, ModuleFiles>,
	name: string,
	template: string,
	title: string
): ModuleFiles {
	const wanted = template || 'starter';
	if (isTemplate(wanted)) return fromTemplate(wanted, name, title);
	const original = shipped.get(wanted);
	if (original) return copyAs(original, name, title);
	const known = ['empty', 'starter', ...shipped.keys()].join(', ');
	throw errors.TEMPLATE_UNKNOWN(`There is no template "${wanted}". Templates are ${known}.`, { template });
}

/** The files of a module's newest release. */
async function lastFiles(pool: Pool, moduleId: string): Promise<ModuleFiles | undefined> {
	const { rows } = await pool.query<{ files: Record<string, string> }>(
		'SELECT files FROM loam.release WHERE module_id = $1 ORDER BY created_at DESC LIMIT 1',
		[moduleId]
	);
	return rows[0] && new Map(Object.entries(rows[0].files));
}
