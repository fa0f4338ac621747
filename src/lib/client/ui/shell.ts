/** What the app shell shows around every screen. */
export interface ShellUser {
	readonly name: string;
	readonly email?: string | undefined;
	readonly picture?: string | undefined;
}

export interface ShellModule {
	readonly name: string;
	readonly title: string;
	readonly icon?: string | undefined;
	readonly href: string;
	/** It came with Loam: nobody edits it, but a copy of it. */
	readonly shipped?: boolean | undefined;
}

export interface ShellProject {
	readonly path: string;
	readonly name: string;
	readonly modules: readonly ShellModule[];
	/** Whether the viewer may build and install modules and manage people here. */
	readonly admin: boolean;
}

export interface ShellTab {
	readonly title: string;
	readonly href: string;
	readonly icon?: string | undefined;
}

/** The tab whose address is the longest beginning of the path. */
export function currentTab(tabs: readonly ShellTab[], path: string): ShellTab | undefined {
	const here = path.replace(/\/$/, '');
	const under = (href: string) => here === href || here.startsWith(`${href}/`);
	const fitting = tabs.filter((tab) => under(tab.href.replace(/\/$/, '')));
	return fitting.sort((a, b) => b.href.length - a.href.length)[0];
}
