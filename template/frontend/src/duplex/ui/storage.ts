/** localStorage that may be switched off or full: then nothing is remembered and nothing breaks. */
export const storage = {
  read(key: string): string | null {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  },

  /** Remembers `value`, or forgets the key when it is null. */
  write(key: string, value: string | null): void {
    try {
      if (value === null) localStorage.removeItem(key);
      else localStorage.setItem(key, value);
    } catch {
      // The page works without; only the next visit starts with the defaults.
    }
  },
};
