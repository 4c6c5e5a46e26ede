import Foundation
import Testing

@testable import MeshCam

@Suite struct FanoutBenchTests {
    private func figures(_ server: String, _ viewers: Int, _ percent: Double) -> FanoutFigures {
        FanoutFigures(
            server: server, viewers: viewers, cpuPercentPerViewer: percent, cipher: "aeadAES128GCM", packetsLost: 0, mbitPerViewer: 2,
            packetsPerSecondPerViewer: 240)
    }

    @Test func aShareIsOfOneProcessorForOneViewer() {
        #expect(FanoutFigures.percent(1.5, of: 10, viewers: 100) == 0.15)
        #expect(FanoutFigures.percent(0, of: 10, viewers: 1) == 0)
    }

    @Test func theRoundInTheMiddleIsToldAndAllLosses() throws {
        var rounds = [0.3, 0.1, 0.2].map { figures("MeshCam", 10, $0) }
        rounds[1].packetsLost = 7
        let median = try #require(FanoutFigures.median(rounds).first)
        #expect(median.cpuPercentPerViewer == 0.2 && median.packetsLost == 7)
        #expect(FanoutFigures.median(Array(rounds.prefix(2))).first?.cpuPercentPerViewer == 0.1 && FanoutFigures.median([]).isEmpty)
    }

    @Test func theReportLeadsWithTheMostViewersAndComparesEqualNumbers() throws {
        let report = FanoutReport(
            levels: [figures("MeshCam", 100, 0.1), figures("MeshCam", 1, 1), figures("MeshCam", 50, 0.2)],
            peer: [figures("Janus", 100, 0.4), figures("Janus", 1, 0)])
        #expect(report.ratios == ["100": 0.25], "nothing is compared with nothing")
        let data = try JSONEncoder().encode(report)
        let text = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(text["viewers"] as? Int == 100 && text["cpuPercentPerViewer"] as? Double == 0.1 && text["cipher"] as? String == "aeadAES128GCM")
        #expect(text["packetsLost"] as? Int == 0 && (text["levels"] as? [Any])?.count == 3 && (text["peer"] as? [Any])?.count == 2)
        let alone = try #require(JSONSerialization.jsonObject(with: JSONEncoder().encode(FanoutReport(levels: report.levels, peer: []))) as? [String: Any])
        #expect(alone["peer"] == nil && alone["ratioToPeer"] == nil)
    }

    @Test func whatCannotBeMeasuredIsRefused() throws {
        for wrong in [["--viewers", "0"], ["--viewers", "x"], ["--viewers", ""], ["--mbit", "0"], ["--seconds", "0"], ["--serve", "--viewers", "1,2"], ["--port", "70000"], ["--rounds", "0"], ["--link", "0"]] {
            #expect(throws: (any Error).self, "\(wrong)") { try FanoutBenchCommand.parse(wrong) }
        }
        _ = try FanoutBenchCommand.parse(["--viewers", "1,10,50", "--janus", "--json"])
    }

    @Test func aPartOfAMeasurementIsReadLineByLine() throws {
        let pipe = Pipe()
        pipe.fileHandleForWriting.write(Data("one\ntw".utf8))
        pipe.fileHandleForWriting.write(Data("o\nunfinished".utf8))
        try pipe.fileHandleForWriting.close()
        var lines: [String] = []
        ProcessOutput.read(dup(pipe.fileHandleForReading.fileDescriptor)) { lines.append($0) }
        #expect(lines == ["one", "two"])
    }
}
