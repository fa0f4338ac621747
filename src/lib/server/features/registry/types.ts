import type { ModuleFiles } from '#engine/module';

/** A module as the registry knows it: made in a project, or shipped with Loam. */
export interface Module {
	readonly id: string;
	readonly name: string;
	/** The owning project; undefined: shipped. */
	readonly projectId: string | undefined;
}

/** The working copy of a module. */
export interface Draft {
	readonly id: string;
	readonly module: Module;
	readonly projectId: string;
	/** Raised by every write. */
	readonly revision: bigint;
}

export interface DraftFiles extends Draft {
	readonly files: ModuleFiles;
}

export interface ModuleListing extends Module {
	readonly draftId: string | undefined;
}

export interface FileChanges {
	readonly files: ModuleFiles;
	readonly delete: readonly string[];
}
