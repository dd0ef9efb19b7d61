import type { Row } from "./transcript";
import type { Announcement, Holder } from "./wire";

/** Everything there is to draw, in one value. */
export interface ViewState {
  readonly rows: readonly Row[];
  readonly greeting: string;
  readonly suggestions: readonly string[];
  readonly announcement: Announcement | undefined;
  readonly holder: Holder;
  readonly isOffline: boolean;
  readonly isLoading: boolean;
  readonly isThinking: boolean;
  readonly unread: boolean;
  readonly notice: string;
  readonly trouble: string;
}
