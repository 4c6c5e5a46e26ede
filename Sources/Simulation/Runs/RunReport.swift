/// What one run showed.
package struct RunReport: Sendable {
    package let seed: UInt64
    package let nodes: Int
    package let schedule: FaultSchedule
    /// Of everything that happened: equal for equal runs.
    package internal(set) var traceHash: UInt64 = 0
    package internal(set) var events = 0
    /// Virtual time that passed.
    package internal(set) var seconds = 0.0
    package internal(set) var violations: [Violation] = []
    package internal(set) var lastEvents: [String] = []

    // Measurements; nil or empty where the run did not come so far.
    /// Until all had met, at the beginning.
    package internal(set) var meetSeconds: Double?
    /// From the end of the faults until everybody agreed.
    package internal(set) var healSeconds: Double?
    /// From a change until everybody had it, whatever else was under way; with no fault but a little loss.
    package internal(set) var updateSeconds: [Double] = []
    /// From a change until everybody agreed in everything, in a mesh that had nothing else to tell; with no fault but a little loss.
    package internal(set) var settleSeconds: [Double] = []
    /// From a death until the first, and until everybody, knew.
    package internal(set) var firstDetectionSeconds: Double?
    package internal(set) var detectionSeconds: Double?
    package internal(set) var triggerSeconds: [Double] = []
    package internal(set) var idleBytesPerSecond: [Double] = []
    /// The same with the schedule's loss, where that is more than 1 %.
    package internal(set) var lossyBytesPerSecond: [Double] = []
    package internal(set) var falseDeaths = 0
}
