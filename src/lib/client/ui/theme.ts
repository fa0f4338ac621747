/** The person's choice of light or dark, in a cookie so that the server's first answer is right. */
export type Theme = 'light' | 'dark' | 'system';
export const themeCookie = 'loam_theme';

export function parseTheme(value: string | undefined): Theme {
	return value === 'light' || value === 'dark' ? value : 'system';
}

/** Shows and remembers it, for a year. */
export function setTheme(theme: Theme): void {
	const secure = location.protocol === 'https:' ? '; secure' : '';
	document.cookie = `${themeCookie}=${theme}; path=/; max-age=31536000; samesite=lax${secure}`;
	document.querySelector<HTMLElement>('body > div > [data-theme]')?.setAttribute('data-theme', theme);
}
