import type { Player, Recording, Side } from '../listening/player.ts'
import { messages } from '../messages/index.ts'
import styles from './side-switch.module.css'

type SideSwitchProps = { player: Player; recording: Recording; side: Side; name: string }

const SIDES: readonly Side[] = ['source', 'result']

/** Which of the two is heard and drawn; changing goes on at the same moment of the other. */
export function SideSwitch({ player, recording, side, name }: SideSwitchProps) {
  return (
    <div className={styles['sides']} role="group" aria-label={messages.listen.compare(name)}>
      {SIDES.map((one) => (
        <button
          key={one}
          type="button"
          aria-pressed={one === side}
          onClick={() => player.switchTo(recording, one)}
        >
          {messages.listen[one]}
        </button>
      ))}
    </div>
  )
}
