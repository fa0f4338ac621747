import { uuidv7, type Logger } from '#kernel';
import { transaction, type Client, type Postgres } from '#platform/postgres';
import { listen } from './changes.ts';
import { errors } from './errors.ts';
import { deactivate, findInstallations, findPlaces, flip, loadRelease } from './installations.ts';
import { asOwner } from './one-time-login.ts';
import { syncPeopleOf } from './people.ts';
import { ensureHome, findProject, findProjectById, insertProject, listProjects } from './projects.ts';
import { addClocks, provision } from './provision.ts';
import type { Installation, InstallationChange, LiveRelease, Place, Project } from './types.ts';

export interface Tenancy {
	/** Cached: a project never changes its slug. */
	project(orgSlug: string, slug: string): Promise<Project | undefined>;
	projectById(id: string): Promise<Project | undefined>;
	projects(): Promise<Project[]>;
	/** Throws ORGANIZATION_UNKNOWN, PROJECT_SLUG_INVALID, PROJECT_EXISTS. */
	createProject(orgSlug: string, slug: string, name: string): Promise<Project>;
	/** The module as the project has it now, if it has a release and is not uninstalled. Cached. */
	installation(projectId: string, module: string): Promise<Installation | undefined>;
	/** Cached as one; in the order of their names. */
	installations(projectId: string): Promise<readonly Installation[]>;
	/** Every place that was ever made, served or not (of one project, or of all). Not cached. */
	places(projectId?: string): Promise<Place[]>;
	/** Throws PROJECT_UNKNOWN. */
	provision(projectId: string, moduleId: string, name: string): Promise<Place>;
	asOwner<T>(place: Place, work: (client: Client) => Promise<T>): Promise<T>;
	flip(installationId: string, releaseId: string): Promise<void>;
	/** Uninstalls: stops serving, keeps the data. */
	deactivate(installationId: string): Promise<void>;
	/** Call it after grants, names or pictures changed: brings the `people` of the project's modules in line. */
	syncPeople(projectId: string): Promise<void>;
	/** The same for every project: a sys-admin came or went, a person changed their name. */
	syncAllPeople(): Promise<void>;
	/** Called on every node after a flip or an uninstall, once lookups answer the new state. Returns the unsubscribe. */
	onChange(listener: (change: InstallationChange) => void): () => void;
	end(): Promise<void>;
}

/** Releases are immutable, so they are kept; so many of them. */
const keptReleases = 500;
const keptProjects = 5000;

export async function createTenancy({
	postgres,
	log
}: {
	postgres: Postgres;
	log: Logger;
}): Promise<Tenancy> {
	const origin = uuidv7();
	const listeners = new Set<(change: InstallationChange) => void>();
	const releases = new Map<string, Promise<LiveRelease>>();
	const projects = new Map<string, Promise<Project | undefined>>();
	const served = new Map<string, Promise<readonly Installation[]>>();

	function changed(change: InstallationChange): void {
		served.delete(change.projectId);
		for (const listener of listeners) listener(change);
	}

	const subscription = await listen(postgres, origin, changed, () => {
		log.info('announcements of other nodes may have been missed: installations are looked up again');
		served.clear();
	});
	await ensureHome(postgres.app);
	await addClocks(postgres);

	const release = (id: string) => remember(releases, id, keptReleases, () => loadRelease(postgres.app, id));
	const installations = (projectId: string) =>
		remember(served, projectId, Infinity, () => findInstallations(postgres, projectId, release));

	async function sync(places: readonly Place[]): Promise<void> {
		if (places.length > 0) await transaction(postgres.admin, (client) => syncPeopleOf(client, places));
	}

	return {
		async project(orgSlug, slug) {
			const path = `${orgSlug}/${slug}`;
			const found = await remember(projects, path, keptProjects, () =>
				findProject(postgres.app, orgSlug, slug)
			);
			if (!found) projects.delete(path);
			return found;
		},
		projectById: (id) => findProjectById(postgres.app, id),
		projects: () => listProjects(postgres.app),
		createProject: (orgSlug, slug, name) => insertProject(postgres.app, orgSlug, slug, name),
		installations,
		installation: async (projectId, module) =>
			(await installations(projectId)).find((i) => i.module === module),
		places: (projectId) => findPlaces(postgres, projectId),
		async provision(projectId, moduleId, name) {
			const project = await findProjectById(postgres.app, projectId);
			if (!project) throw errors.PROJECT_UNKNOWN('There is no such project.', { project: projectId });
			return provision(postgres, project, moduleId, name);
		},
		asOwner: (place, work) => asOwner(postgres, place, work),
		flip: async (installationId, releaseId) =>
			changed(await flip(postgres, origin, installationId, releaseId)),
		deactivate: async (installationId) => changed(await deactivate(postgres, origin, installationId)),
		syncPeople: async (projectId) => sync(await findPlaces(postgres, projectId)),
		syncAllPeople: async () => sync(await findPlaces(postgres)),
		onChange(listener) {
			listeners.add(listener);
			return () => listeners.delete(listener);
		},
		end: async () => subscription.end()
	};
}

/** The value under a key, made once; what failed is made anew at the next call. The oldest makes room. */
function remember<T>(
	kept: Map<string, Promise<T>>,
	key: string,
	limit: number,
	make: () => Promise<T>
): Promise<T> {
	const found = kept.get(key);
	if (found) return found;
	const made = make();
	kept.set(key, made);
	made.catch(() => {
		if (kept.get(key) === made) kept.delete(key);
	});
	if (kept.size > limit) kept.delete(kept.keys().next().value!);
	return made;
}
