import Synchronization
import Testing
import TestSupport

@testable import Media

@Suite struct AccessUnitBusTests {
    /// What is queued now, read without waiting: the sequence is cancelled after a marker.
    private func drain(_ subscription: AccessUnitSubscription, count: Int) async -> [String] {
        var seen: [String] = []
        for _ in 0..<count {
            switch await subscription.next() {
            case .unit(let unit): seen.append("\(unit.sequence)")
            case .lost(let count): seen.append("lost \(count)")
            case .interrupted(let reason): seen.append("interrupted \(reason)")
            case nil: seen.append("end")
            }
        }
        return seen
    }

    @Test func everySubscriberSeesEveryUnit() async {
        let bus = AccessUnitBus()
        let first = bus.subscribe(name: "first", capacity: 10)
        let second = bus.subscribe(name: "second", capacity: 10)
        for index in 0..<4 { bus.publish(picture(Double(index), key: index == 0)) }
        #expect(await drain(first, count: 4) == ["1", "2", "3", "4"])
        #expect(await drain(second, count: 4) == ["1", "2", "3", "4"])
    }

    /// A thread that is told empties the queue; it is told once for each time that something comes to an empty one.
    @Test func aThreadIsToldWhenThereIsSomething() {
        let bus = AccessUnitBus()
        let subscription = bus.subscribe(name: "thread", capacity: 3)
        let told = Mutex(0)
        bus.publish(picture(0, key: true))
        subscription.notify { told.withLock { $0 += 1 } }
        #expect(told.withLock { $0 } == 1, "something was there")
        bus.publish(picture(1))
        #expect(told.withLock { $0 } == 1 && subscription.takeAll().count == 2 && subscription.takeAll().isEmpty)
        for index in 2...6 { bus.publish(picture(Double(index))) }
        bus.interrupt(reason: "unplugged")
        #expect(told.withLock { $0 } == 2)
        #expect(subscription.takeAll().count == 4, "three that found room, and that it broke off")
        bus.publish(picture(7, key: true))
        #expect(told.withLock { $0 } == 3 && subscription.takeAll().count == 2, "the loss, and the key frame")
        subscription.cancel()
        bus.publish(picture(8, key: true))
        #expect(told.withLock { $0 } == 3 && subscription.takeAll().isEmpty)
    }

    /// Reads in a task of its own once the reader waits; answers how many units it found when it woke.
    private func woken(_ subscription: AccessUnitSubscription, by publish: () -> Void) async throws -> [String] {
        async let first = subscription.next()
        try await eventually { subscription.isAwaited }
        publish()
        return (await [first].compactMap { $0 } + subscription.takeAll()).map { element in
            switch element {
            case .unit(let unit): "\(unit.sequence)"
            case .lost(let count): "lost \(count)"
            case .interrupted(let reason): "interrupted \(reason)"
            }
        }
    }

    @Test(.timeLimit(.minutes(1))) func unitsMayGather() async throws {
        let bus = AccessUnitBus()
        let subscription = bus.subscribe(name: "recorder", capacity: 8, gathering: .milliseconds(150))
        // Ten pictures a second: the third is captured 200 ms after the first.
        #expect(try await woken(subscription) { for index in 0..<3 { bus.publish(picture(Double(index) / 10, key: index == 0)) } } == ["1", "2", "3"])
        // What breaks off is told at once, with all before it.
        #expect(
            try await woken(subscription) {
                bus.publish(picture(1.0))
                bus.interrupt(reason: "unplugged")
            } == ["4", "interrupted unplugged"])
        // A queue that is half full does not wait for its time.
        #expect(try await woken(subscription) { for index in 0..<4 { bus.publish(picture(2 + Double(index) / 1000, key: index == 0)) } } == ["5", "6", "7", "8"])
        subscription.cancel()
        #expect(await subscription.next() == nil)
    }

    @Test func aSlowReaderLosesUpToTheNextKeyFrameAndIsTold() async {
        let bus = AccessUnitBus()
        let slow = bus.subscribe(name: "slow", capacity: 3)
        // 1…3 fit; 4 and 5 are lost; 6 is a key frame but there is no room; then there is.
        for index in 1...5 { bus.publish(picture(Double(index), key: index == 1)) }
        bus.publish(picture(6, key: true))
        #expect(await drain(slow, count: 2) == ["1", "2"])
        bus.publish(picture(7))
        bus.publish(sound(7.1))
        bus.publish(picture(8, key: true))
        bus.publish(picture(9))
        #expect(await drain(slow, count: 3) == ["3", "lost 5", "9"])
    }

    @Test func theQueueIsBounded() async {
        let bus = AccessUnitBus()
        let idle = bus.subscribe(name: "idle", capacity: 5)
        for index in 0..<1000 { bus.publish(picture(Double(index), key: index % 10 == 0)) }
        for index in 0..<50 { bus.interrupt(reason: "\(index)") }
        idle.cancel()
        #expect(await drain(idle, count: 1) == ["end"])
        let again = bus.subscribe(name: "again", capacity: 5)
        for index in 0..<1000 { bus.publish(picture(Double(index), key: index % 10 == 0)) }
        for index in 0..<50 { bus.interrupt(reason: "\(index)") }
        #expect(await drain(again, count: 6) == ["1001", "1002", "1003", "1004", "1005", "interrupted 49"])
    }

    @Test func cancellingTheTaskEndsTheWait() async {
        let bus = AccessUnitBus()
        let subscription = bus.subscribe(name: "waits", capacity: 5)
        let reader = Task { await subscription.next() == nil }
        reader.cancel()
        #expect(await reader.value)
    }

    @Test func aForgottenSubscriptionIsLetGo() {
        let bus = AccessUnitBus()
        weak var forgotten: AccessUnitSubscription?
        do {
            let subscription = bus.subscribe(name: "short", capacity: 5)
            forgotten = subscription
            bus.publish(picture(1, key: true))
        }
        bus.publish(picture(2))
        #expect(forgotten == nil)
    }
}
