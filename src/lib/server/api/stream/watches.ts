import type { Installation, Project, Tenancy } from '#core/tenancy';
import type { Caller, Callers } from './caller.ts';
import type { ServerFrame, WatchFrame } from './frames.ts';

export interface Watcher {
	tell(frame: ServerFrame): void;
	/** The session has ended. */
	end(): void;
}

interface Member {
	readonly caller: Caller;
	readonly watcher: Watcher;
	watched: WatchFrame['watch'];
	/** Roles by project path, as the watcher knows them. */
	readonly roles: Map<string, string>;
	/** Release by `project module`, as the watcher knows it. */
	readonly releases: Map<string, string | null>;
}

type Sources = {
	readonly tenancy: Pick<Tenancy, 'project' | 'installation' | 'onChange'>;
	readonly identity: Callers;
};

/** Tells connections of releases and grants that concern them. */
export class Watches {
	readonly #sources: Sources;
	readonly #members = new Set<Member>();
	readonly #unsubscribe: (() => void)[];

	constructor(sources: Sources) {
		this.#sources = sources;
		this.#unsubscribe = [
			sources.tenancy.onChange(({ module }) => {
				for (const member of this.#members) void this.#tellReleases(member, module);
			}),
			sources.identity.onGrantsChanged(() => {
				for (const member of this.#members) void this.#tellGrants(member);
			})
		];
	}

	join(caller: Caller, watcher: Watcher): { set(watched: WatchFrame['watch']): void; leave(): void } {
		const member: Member = { caller, watcher, watched: [], roles: new Map(), releases: new Map() };
		this.#members.add(member);
		return {
			set: (watched) => {
				member.watched = watched;
				member.releases.clear();
				void this.#tellReleases(member);
				void this.#tellGrants(member);
			},
			leave: () => void this.#members.delete(member)
		};
	}

	close(): void {
		for (const leave of this.#unsubscribe) leave();
		this.#members.clear();
	}

	async #tellReleases(member: Member, only?: string): Promise<void> {
		for (const { project: path, module } of member.watched) {
			if (only !== undefined && module !== only) continue;
			const project = await this.#project(path);
			if (!project || this.#rolesOf(member, project) === '') continue;
			const installation = await this.#installation(project, module);
			const release = installation?.release.shortHash ?? null;
			const place = `${path} ${module}`;
			if (member.releases.get(place) === release) continue;
			member.releases.set(place, release);
			member.watcher.tell({ type: 'release', project: path, module, release });
		}
	}

	async #tellGrants(member: Member): Promise<void> {
		try {
			if (!member.caller.isCurrent()) await member.caller.refresh();
		} catch {
			return member.watcher.end();
		}
		let changed = false;
		for (const path of new Set(member.watched.map(({ project }) => project))) {
			const project = await this.#project(path);
			if (!project) continue;
			const roles = this.#rolesOf(member, project);
			const before = member.roles.get(path);
			changed ||= before !== undefined && before !== roles;
			member.roles.set(path, roles);
		}
		if (changed) member.watcher.tell({ type: 'grants' });
	}

	#project(path: string): Promise<Project | undefined> {
		const [org = '', slug = ''] = path.split('/');
		return this.#sources.tenancy.project(org, slug).catch(() => undefined);
	}

	#installation(project: Project, module: string): Promise<Installation | undefined> {
		return this.#sources.tenancy.installation(project.id, module).catch(() => undefined);
	}

	#rolesOf(member: Member, project: Project): string {
		return [...this.#sources.identity.rolesIn(member.caller.principal, project)].sort().join();
	}
}
