/** The person's time zone, in a cookie so that the server writes times by their clock. */
export const zoneCookie = 'loam_zone';

export function browserZone(): string {
	return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** For a year; called at every screen, for people travel. */
export function rememberZone(): void {
	const secure = location.protocol === 'https:' ? '; secure' : '';
	const zone = encodeURIComponent(browserZone());
	document.cookie = `${zoneCookie}=${zone}; path=/; max-age=31536000; samesite=lax${secure}`;
}
