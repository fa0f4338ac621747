import type { ModuleFiles } from '#engine/module';
import type { Project, Tenancy } from '#core/tenancy';
import type { Postgres } from '#platform/postgres';
import type { TypeChecker } from '../types/checker.ts';
import type { Released } from './migrations.ts';

export interface GateInput {
	/** Where the module would be installed. */
	readonly project: Project;
	readonly module: string;
	readonly files: ModuleFiles;
	readonly released: Released;
}

export interface GateTools {
	readonly postgres: Postgres;
	readonly tenancy: Tenancy;
	readonly types: TypeChecker;
}
